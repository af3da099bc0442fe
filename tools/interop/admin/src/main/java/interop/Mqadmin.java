package interop;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.rocketmq.tools.command.MQAdminStartup;

/**
 * Runs sub commands of mqadmin in this process, since a JVM for each of them would cost seconds.
 *
 * <p>mqadmin reports a failure only by a stack trace on standard error, so anything that appears
 * there counts as one. With -Dinterop.show=true every answer is repeated on standard error.
 */
final class Mqadmin {
  private final String namesrv;

  Mqadmin(String namesrv) {
    this.namesrv = namesrv;
  }

  /** What a command printed, without empty lines. */
  record Answer(String command, List<String> lines, String trouble) {
    Answer expectNoTrouble() {
      Check.that(trouble.isEmpty(), "%s says: %s", command, firstLineOf(trouble));
      return this;
    }

    private static String firstLineOf(String text) {
      // The first line names the sub command only; the cause follows further down.
      return text.lines()
          .filter(line -> line.startsWith("Caused by"))
          .reduce((first, last) -> last)
          .orElse(text.lines().findFirst().orElse(""));
    }

    String text() {
      return String.join("\n", lines);
    }

    /** Demands a line that fits the expression as a whole, and returns the match. */
    Matcher line(String regex) {
      Pattern pattern = Pattern.compile(regex);
      for (String line : lines) {
        Matcher matcher = pattern.matcher(line.strip());
        if (matcher.matches()) return matcher;
      }
      throw new Check.Failed(command + ": no line like " + regex + " in: " + text());
    }

    /** Demands that the first line has exactly these columns, and returns the lines below. */
    List<String> table(String... columns) {
      Check.that(!lines.isEmpty(), "%s prints nothing", command);
      List<String> found = List.of(lines.get(0).strip().split("\\s+(?=#)"));
      Check.equal(List.of(columns), found, command + ": columns");
      return lines.subList(1, lines.size());
    }
  }

  /** Runs a command that has to succeed. */
  Answer run(String... command) {
    return attempt(command).expectNoTrouble();
  }

  Answer attempt(String... command) {
    List<String> arguments = new ArrayList<>(Arrays.asList(command));
    arguments.addAll(List.of("-n", namesrv));
    PrintStream realOut = System.out;
    PrintStream realErr = System.err;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    Thread hurrier = new Thread(new Hurrier(Thread.currentThread()));
    hurrier.start();
    try {
      Commands.forget();
      MQAdminStartup.main0(arguments.toArray(new String[0]), null);
    } finally {
      hurrier.interrupt();
      System.setOut(realOut);
      System.setErr(realErr);
    }
    String text = out.toString(StandardCharsets.UTF_8);
    String trouble = err.toString(StandardCharsets.UTF_8).strip();
    if (Boolean.getBoolean("interop.show")) {
      System.err.println("$ mqadmin " + String.join(" ", arguments) + "\n" + text + trouble);
    }
    List<String> lines = text.lines().filter(line -> !line.isBlank()).toList();
    return new Answer(command[0], lines, trouble);
  }

  /**
   * The commands that mqadmin has made. Some keep a connection in themselves that they close after
   * the first use, so that each run needs new ones.
   */
  private static final class Commands extends MQAdminStartup {
    static void forget() {
      SUB_COMMANDS.clear();
    }
  }

  /**
   * Ends the client's event thread when a command waits for that. The client's own wake-up is often
   * lost, and then each command takes three seconds more.
   */
  private record Hurrier(Thread commandThread) implements Runnable {
    @Override
    public void run() {
      try {
        while (true) {
          Thread.sleep(50);
          if (waitsForService()) {
            Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().contains("NettyEventExecutor"))
                .forEach(Thread::interrupt);
          }
        }
      } catch (InterruptedException done) {
        // The command has ended.
      }
    }

    private boolean waitsForService() {
      return Arrays.stream(commandThread.getStackTrace())
          .anyMatch(
              frame ->
                  frame.getClassName().equals("org.apache.rocketmq.common.ServiceThread")
                      && frame.getMethodName().equals("shutdown"));
    }
  }
}
