// Prints the messages of a topic as they come, until Enter is pressed.
#include "client/examples/consume_until_enter.h"

int main(int argc, char** argv) {
  return ConsumeUntilEnter(argc, argv, /*orderly=*/false);
}
