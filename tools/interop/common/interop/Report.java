package interop;

import java.lang.reflect.InvocationTargetException;

/** Runs scenarios one after the other and prints one line for each. */
final class Report {
  interface Scenario {
    /** Returns a short note for the PASS line; throws when the scenario fails. */
    String run() throws Exception;
  }

  private int failed = 0;

  void run(String name, Scenario scenario) {
    long start = System.nanoTime();
    try {
      String note = scenario.run();
      System.out.printf("PASS %s (%.1f s) %s%n", name, (System.nanoTime() - start) / 1e9, note);
    } catch (Check.Failed e) {
      fail(name, e.getMessage());
    } catch (Throwable e) {
      e.printStackTrace();
      // What reflection wraps says nothing by itself.
      Throwable cause = e instanceof InvocationTargetException ? e.getCause() : e;
      fail(name, cause.toString());
    }
    System.out.flush();
  }

  private void fail(String name, String reason) {
    ++failed;
    System.out.printf("FAIL %s: %s%n", name, String.valueOf(reason).replaceAll("\\s+", " "));
  }

  int failed() {
    return failed;
  }
}
