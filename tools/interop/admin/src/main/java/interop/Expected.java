package interop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A list of names in a text file: one a line with an optional second word, '#' begins a comment and
 * a line that begins with '?' is known but not demanded. The directory is -Dinterop.expected.
 */
record Expected(Map<String, String> demanded) {
  static Expected read(String file) throws IOException {
    Map<String, String> demanded = new LinkedHashMap<>();
    for (String line : Files.readAllLines(Path.of(System.getProperty("interop.expected"), file))) {
      if (line.isBlank() || line.startsWith("#") || line.startsWith("?")) continue;
      String[] words = line.strip().split("\\s+");
      demanded.put(words[0], words.length > 1 ? words[1] : "");
    }
    return new Expected(demanded);
  }
}
