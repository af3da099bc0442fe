package interop;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;

/** The messages that scenarios send: key "producer-sequence", and a body that follows from it. */
final class Sent {
  private Sent() {}

  static String key(String producer, int sequence) {
    return producer + "-" + sequence;
  }

  static Message message(String topic, String producer, int sequence) {
    String key = key(producer, sequence);
    return new Message(topic, null, key, body(key));
  }

  private static byte[] body(String key) {
    return ("body of " + key + " \u00e9\u4e2d").getBytes(StandardCharsets.UTF_8);
  }

  static boolean bodyFits(MessageExt message) {
    return Arrays.equals(message.getBody(), body(message.getKeys()));
  }
}
