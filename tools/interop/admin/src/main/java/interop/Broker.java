package interop;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;

/** clusterList, brokerStatus and getBrokerConfig. The first finds out what the rest asks about. */
final class Broker {
  private static final String RATIO = "[0-9.]+(?:E-?\\d+)?";
  private static final Map<String, String> KINDS =
      Map.of(
          "int", "-?\\d+",
          "ratio", RATIO,
          "rates", "(" + RATIO + "( " + RATIO + "){0,2})?",
          "bool", "true|false",
          "text", ".+");

  private final Mqadmin mqadmin;
  private final Settings settings;
  String cluster;
  String name;
  String address;

  Broker(Mqadmin mqadmin, Settings settings) {
    this.mqadmin = mqadmin;
    this.settings = settings;
  }

  String clusterList() throws Exception {
    return Check.retry(settings.deadlineMillis(), this::readClusterList);
  }

  private String readClusterList() {
    Mqadmin.Answer answer = mqadmin.run("clusterList");
    List<String> rows =
        answer.table(
            "#Cluster Name", "#Broker Name", "#BID", "#Addr", "#Version", "#InTPS(LOAD)",
            "#OutTPS(LOAD)", "#Timer(Progress)", "#PCWait(ms)", "#Hour", "#SPACE", "#ACTIVATED");
    Check.equal(1, rows.size(), "brokers");
    Matcher row = answer.line("(\\S+)\\s+(\\S+)\\s+0\\s+(\\S+:\\d+)\\s.*");
    cluster = row.group(1);
    name = row.group(2);
    address = row.group(3);
    // Version, load of the queues for sending, and of those for pulling and acknowledging, timer,
    // page cache, age of the oldest message, disk, activity.
    String load = "\\d+,\\d+ms";
    answer.line(
        ".*:\\d+\\s+V\\d+_\\d+_\\d+\\S*\\s+"
            + ("[0-9.]+\\(" + load + "\\)\\s+")
            + ("[0-9.]+\\(" + load + "\\|" + load + "\\)\\s+")
            + "\\d+-\\d+\\([0-9.]+w, [0-9.]+, [0-9.]+\\)\\s+"
            + "\\d+\\s+[0-9.]+\\s+0\\.\\d+\\s+true");
    return cluster + " " + name + " " + address;
  }

  /** The messages of the traffic are among those of today. */
  String totals() throws Exception {
    return Check.retry(
        settings.deadlineMillis(),
        () -> {
          Mqadmin.Answer answer = mqadmin.run("clusterList", "-m");
          answer.table(
              "#Cluster Name", "#Broker Name", "#InTotalYest", "#OutTotalYest", "#InTotalToday",
              "#OutTotalToday");
          Matcher row =
              answer.line(cluster + "\\s+" + name + "\\s+\\d+\\s+\\d+\\s+(\\d+)\\s+(\\d+)");
          Check.that(Long.parseLong(row.group(1)) > 0, "#InTotalToday is 0");
          Check.that(Long.parseLong(row.group(2)) > 0, "#OutTotalToday is 0");
          return "in " + row.group(1) + ", out " + row.group(2);
        });
  }

  String status() throws Exception {
    Mqadmin.Answer answer = mqadmin.run("brokerStatus", "-b", address);
    Map<String, String> values = new HashMap<>();
    for (String line : answer.lines()) {
      // "key   : value"; a key may hold a path, and a value may hold a colon.
      int colon = line.indexOf(": ");
      Check.that(colon > 0, "brokerStatus: a line without a value: %s", line);
      values.put(line.substring(0, colon).strip(), line.substring(colon + 2).strip());
    }
    Map<String, String> demanded = Expected.read("broker_status_keys.txt").demanded();
    StringBuilder defects = new StringBuilder();
    demanded.forEach(
        (key, kind) -> {
          String value = find(values, key);
          if (value == null) defects.append(" no ").append(key);
          else if (!value.matches(KINDS.get(kind))) {
            defects.append(' ').append(key).append(" is '").append(value).append("'");
          }
        });
    Check.that(defects.isEmpty(), "brokerStatus:%s", defects);
    return demanded.size() + " of " + values.size() + " keys demanded";
  }

  private static String find(Map<String, String> values, String key) {
    if (!key.endsWith("*")) return values.get(key);
    String beginning = key.substring(0, key.length() - 1);
    return values.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(beginning))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(null);
  }

  String config() throws Exception {
    Mqadmin.Answer answer = mqadmin.run("getBrokerConfig", "-b", address);
    Check.equal("============" + address + "============", answer.lines().get(0), "first line");
    Map<String, String> values = new HashMap<>();
    for (String line : answer.lines().subList(1, answer.lines().size())) {
      String[] halves = line.split("\\s+=\\s*", 2);
      Check.that(halves.length == 2, "getBrokerConfig: a line without a value: %s", line);
      values.put(halves[0], halves[1].strip());
    }
    Map<String, String> demanded = Expected.read("broker_config_keys.txt").demanded();
    List<String> missing = demanded.keySet().stream().filter(k -> !values.containsKey(k)).toList();
    Check.that(missing.isEmpty(), "getBrokerConfig lacks %s", missing);
    Check.equal(cluster, values.get("brokerClusterName"), "brokerClusterName");
    Check.equal(name, values.get("brokerName"), "brokerName");
    Check.equal("0", values.get("brokerId"), "brokerId");
    String[] place = address.split(":");
    Check.equal(place[0], values.get("brokerIP1"), "brokerIP1");
    Check.equal(place[1], values.get("listenPort"), "listenPort");
    return demanded.size() + " of " + values.size() + " keys demanded";
  }
}
