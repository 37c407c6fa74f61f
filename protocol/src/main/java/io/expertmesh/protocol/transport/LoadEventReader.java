package io.expertmesh.protocol.transport;

import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.core.LoadEvent.ExpertTokens;
import io.expertmesh.protocol.transport.LoadEventJson.MalformedEventException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/** One pass over the fields of a load event. */
final class LoadEventReader {
  private static final Set<String> NUMBERS =
      Set.of(
          "version",
          "sequence",
          "end_millis",
          "interval_millis",
          "tokens_in",
          "tokens_out",
          "batches",
          "busy_seconds",
          "queue_mean_millis",
          "queue_p99_millis",
          "in_flight_tokens",
          "shed");
  private static final Set<String> TEXTS = Set.of("service", "shard", "replica", "model");

  private final JsonParser in;
  private final Map<String, String> texts = new HashMap<>();
  private final Map<String, Number> numbers = new HashMap<>();
  private final Map<String, Map<String, Long>> maps = new HashMap<>();
  private @Nullable Boolean leaving;

  LoadEventReader(JsonParser in) {
    this.in = in;
  }

  LoadEvent event() throws MalformedEventException {
    if (in.nextToken() != JsonToken.START_OBJECT) {
      throw new MalformedEventException("it is no JSON object");
    }
    while (in.nextToken() == JsonToken.PROPERTY_NAME) {
      field(Objects.requireNonNull(in.currentName()));
    }
    if (number("version", 0) != LoadEvent.VERSION) {
      throw new MalformedEventException(
          "version is " + number("version", 0) + ", supported: " + LoadEvent.VERSION);
    }
    if (leaving == null) {
      throw new MalformedEventException("leaving is missing");
    }
    return new LoadEvent(
        text("service"),
        text("shard"),
        text("replica"),
        text("model"),
        number("sequence", 0),
        number("end_millis", Long.MIN_VALUE),
        (int) Math.min(number("interval_millis", 1), Integer.MAX_VALUE),
        leaving,
        number("tokens_in", 0),
        number("tokens_out", 0),
        number("batches", 0),
        decimal("busy_seconds"),
        decimal("queue_mean_millis"),
        decimal("queue_p99_millis"),
        (int) Math.min(number("in_flight_tokens", 0), Integer.MAX_VALUE),
        number("shed", 0),
        experts(),
        maps.getOrDefault("parked", Map.of()),
        maps.getOrDefault("tenants", Map.of()));
  }

  private void field(String name) throws MalformedEventException {
    JsonToken token = Objects.requireNonNull(in.nextToken());
    if (NUMBERS.contains(name)) {
      require(name, "a number", token == JsonToken.VALUE_NUMBER_INT || token.isNumeric());
      numbers.put(name, in.getNumberValue());
    } else if (TEXTS.contains(name)) {
      require(name, "a text", token == JsonToken.VALUE_STRING);
      texts.put(name, in.getString());
    } else if (name.equals("leaving")) {
      require(name, "true or false", token.isBoolean());
      leaving = in.getBooleanValue();
    } else if (name.equals("experts") || name.equals("parked") || name.equals("tenants")) {
      require(name, "an object", token == JsonToken.START_OBJECT);
      maps.put(name, counts(name));
    } else {
      in.skipChildren();
    }
  }

  private Map<String, Long> counts(String field) throws MalformedEventException {
    Map<String, Long> counts = new HashMap<>();
    while (in.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = Objects.requireNonNull(in.currentName());
      require(field, "an object of counts", in.nextToken() == JsonToken.VALUE_NUMBER_INT);
      long count = in.getLongValue();
      require(field, "an object of counts from 0", count >= 0);
      counts.put(key, count);
    }
    return counts;
  }

  private static void require(String name, String what, boolean holds)
      throws MalformedEventException {
    if (!holds) {
      throw new MalformedEventException(name + " must be " + what);
    }
  }

  private String text(String name) throws MalformedEventException {
    String text = texts.get(name);
    if (text == null) {
      throw new MalformedEventException(name + " is missing");
    }
    return text;
  }

  private Number given(String name) throws MalformedEventException {
    Number number = numbers.get(name);
    if (number == null) {
      throw new MalformedEventException(name + " is missing");
    }
    return number;
  }

  private long number(String name, long least) throws MalformedEventException {
    long value = given(name).longValue();
    require(name, "at least " + least, value >= least);
    return value;
  }

  private double decimal(String name) throws MalformedEventException {
    double value = given(name).doubleValue();
    require(name, "a number from 0", Double.isFinite(value) && value >= 0);
    return value;
  }

  private List<ExpertTokens> experts() throws MalformedEventException {
    Map<String, Long> counts = maps.getOrDefault("experts", Map.of());
    List<ExpertTokens> experts = new ArrayList<>(counts.size());
    for (Map.Entry<String, Long> entry : counts.entrySet()) {
      String name = entry.getKey();
      int colon = name.indexOf(':');
      try {
        experts.add(
            new ExpertTokens(
                Integer.parseInt(name, 0, Math.max(colon, 0), 10),
                Integer.parseInt(name, colon + 1, name.length(), 10),
                entry.getValue()));
      } catch (NumberFormatException e) {
        throw new MalformedEventException("experts names '" + name + "', must be layer:expert");
      }
    }
    return experts;
  }
}
