package interop;

/** What the command line says: the cluster to judge, and how hard. */
record Settings(String namesrv, String prefix, int count, long deadlineMillis) {

  static Settings parse(String[] args) {
    String namesrv = "127.0.0.1:9876";
    String prefix = "interop_" + Long.toString(System.currentTimeMillis(), 36);
    int count = 10_000;
    long deadlineSeconds = 60;
    for (int i = 0; i < args.length; i += 2) {
      if (i + 1 == args.length) throw new IllegalArgumentException(args[i] + " needs a value");
      String value = args[i + 1];
      switch (args[i]) {
        case "--namesrv" -> namesrv = value;
        case "--topic-prefix" -> prefix = value;
        case "--count" -> count = Integer.parseInt(value);
        case "--deadline" -> deadlineSeconds = Long.parseLong(value);
        default -> throw new IllegalArgumentException("unknown option " + args[i]);
      }
    }
    return new Settings(namesrv, prefix, count, deadlineSeconds * 1000);
  }

  String topic(String name) {
    return prefix + "_" + name;
  }

  String group(String name) {
    return prefix + "_g_" + name;
  }
}
