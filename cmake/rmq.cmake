# The only CMake functions of the project: rmq_library, rmq_test, rmq_program and rmq_fuzz.

# What every target of ours is compiled with.
add_library(rmq_options INTERFACE)
target_compile_options(rmq_options INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough
  # Designated initializers name what differs from the default.
  -Wno-missing-field-initializers
  # Decisions of the simulator must not depend on the machine (simulation: floating point).
  -ffp-contract=off -fno-omit-frame-pointer)
target_include_directories(rmq_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports false positives of these inside its own standard library.
  target_compile_options(rmq_options INTERFACE
    -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread
    -Wno-array-bounds -Wno-dangling-pointer)
else()
  # libstdc++ 12 calls its own deprecated functions (std::stable_sort); g++ tells of ours.
  target_compile_options(rmq_options INTERFACE -Wno-deprecated-declarations)
endif()
if(RMQ_WARNINGS_AS_ERRORS)
  target_compile_options(rmq_options INTERFACE -Werror)
endif()
if(RMQ_SANITIZE)
  target_compile_options(rmq_options INTERFACE -fsanitize=${RMQ_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(rmq_options INTERFACE -fsanitize=${RMQ_SANITIZE})
endif()
if(RMQ_COVERAGE)
  target_compile_options(rmq_options INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(rmq_options INTERFACE --coverage)
endif()
if(RMQ_FUZZ)
  target_compile_options(rmq_options INTERFACE -fsanitize=fuzzer-no-link,address)
  target_link_options(rmq_options INTERFACE -fsanitize=address)
endif()
find_program(RMQ_MOLD mold)
if(RMQ_MOLD)
  target_link_options(rmq_options INTERFACE -fuse-ld=mold)
endif()

# rmq_library(NAME store SRCS a.cc DEPS rmq::wire): the static library rmq_store, alias rmq::store.
# DEPS are what its headers need and must agree with the layer table (tools/check_layers);
# PRIVATE are third-party libraries its sources need.
function(rmq_library)
  cmake_parse_arguments(ARG "" "NAME" "SRCS;DEPS;PRIVATE" ${ARGN})
  add_library(rmq_${ARG_NAME} STATIC ${ARG_SRCS})
  add_library(rmq::${ARG_NAME} ALIAS rmq_${ARG_NAME})
  target_link_libraries(rmq_${ARG_NAME} PUBLIC rmq_options fmt::fmt ${ARG_DEPS} PRIVATE ${ARG_PRIVATE})
endfunction()

# rmq_test(NAME store_test SRCS a_test.cc DEPS rmq::store): a GoogleTest program, one ctest entry.
function(rmq_test)
  cmake_parse_arguments(ARG "" "NAME;TIMEOUT" "SRCS;DEPS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SRCS})
  target_link_libraries(${ARG_NAME} PRIVATE rmq_options ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME} --gtest_brief=1)
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  if(RMQ_SANITIZE)
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * 4")  # It makes code that much slower, or more.
  endif()
  set_tests_properties(${ARG_NAME} PROPERTIES TIMEOUT ${ARG_TIMEOUT})
endfunction()

# rmq_program(NAME mqbroker SRCS mqbroker.cc DEPS rmq::broker): a program in build/<preset>/bin. Its
# allocator is jemalloc, which takes a quarter off the time of a simulated cluster; sanitizers bring
# their own.
function(rmq_program)
  cmake_parse_arguments(ARG "" "NAME" "SRCS;DEPS" ${ARGN})
  add_executable(${ARG_NAME} ${ARG_SRCS})
  target_link_libraries(${ARG_NAME} PRIVATE rmq_options ${ARG_DEPS})
  if(NOT RMQ_SANITIZE AND NOT RMQ_FUZZ AND NOT RMQ_COVERAGE)
    target_link_libraries(${ARG_NAME} PRIVATE jemalloc)
  endif()
  set_target_properties(${ARG_NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# rmq_fuzz(NAME fuzz_message SRCS message_fuzz.cc DEPS rmq::wire): a libFuzzer target under the
# fuzz preset; in an ordinary build the same source with a main that replays corpus/<NAME>.
function(rmq_fuzz)
  cmake_parse_arguments(ARG "" "NAME" "SRCS;DEPS" ${ARGN})
  if(RMQ_FUZZ)
    add_executable(${ARG_NAME} ${ARG_SRCS})
    target_link_options(${ARG_NAME} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${ARG_NAME} ${ARG_SRCS} ${PROJECT_SOURCE_DIR}/fuzz/replay_main.cc)
    add_test(NAME ${ARG_NAME} COMMAND ${ARG_NAME} ${PROJECT_SOURCE_DIR}/fuzz/corpus/${ARG_NAME})
  endif()
  target_link_libraries(${ARG_NAME} PRIVATE rmq_options ${ARG_DEPS})
endfunction()
