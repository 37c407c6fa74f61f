package io.expertmesh.protocol.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.core.LoadEvent.ExpertTokens;
import io.expertmesh.protocol.transport.LoadEventJson.MalformedEventException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class LoadEventJsonTest {
  private static final LoadEvent EVENT =
      new LoadEvent(
          LoadEvent.EXPERT_SERVICE,
          "experts-0",
          "experts-0-r1-4711",
          "tiny-moe",
          17,
          1_795_000_000_000L,
          1003,
          true,
          120,
          100,
          9,
          0.75,
          1.5,
          20.25,
          33,
          20,
          List.of(new ExpertTokens(0, 3, 60), new ExpertTokens(11, 0, 40)),
          Map.of("experts-2", 5L, LoadEvent.UNKNOWN_SHARD, 1L),
          Map.of("acme", 7L));

  @Test
  void whatIsWrittenIsReadBack() throws MalformedEventException {
    LoadEvent read = LoadEventJson.read(LoadEventJson.write(EVENT));

    assertThat(read).usingRecursiveComparison().ignoringCollectionOrder().isEqualTo(EVENT);
  }

  @Test
  void thePublishedSchemaNamesExactlyTheFieldsThatAreWritten() throws IOException {
    String schema = resource("/expertmesh/load-event.v1.schema.json");
    String json = new String(LoadEventJson.write(EVENT), StandardCharsets.UTF_8);

    Set<String> written = names(json, "\"([a-z_0-9]+)\":");
    Set<String> described = names(schema, "\\n {4}\"([a-z_0-9]+)\": \\{");
    written.removeAll(Set.of("acme", "0"));

    assertThat(written).isEqualTo(described);
    Matcher required = Pattern.compile("\"required\": \\[([^]]*)]").matcher(schema);
    assertThat(required.find()).isTrue();
    assertThat(names(required.group(1), "\"([a-z_0-9]+)\"")).isEqualTo(described);
    assertThat(schema).contains("\"version\": {\"const\": " + LoadEvent.VERSION + "}");
  }

  @Test
  void fieldsOfLaterWritersAreSkippedButOtherVersionsRefused() throws MalformedEventException {
    String json = new String(LoadEventJson.write(EVENT), StandardCharsets.UTF_8);
    String richer = json.replaceFirst("\\{", "{\"colour\":{\"a\":[1,2]},");

    assertThat(LoadEventJson.read(bytes(richer)).replica()).isEqualTo(EVENT.replica());
    assertThatThrownBy(
            () -> LoadEventJson.read(bytes(json.replace("\"version\":1", "\"version\":2"))))
        .isInstanceOf(MalformedEventException.class)
        .hasMessage("version is 2, supported: 1");
  }

  @Test
  void aWrongFieldIsNamed() {
    String json = new String(LoadEventJson.write(EVENT), StandardCharsets.UTF_8);

    refused(json.replace("\"tokens_in\":120", "\"tokens_in\":-1"), "tokens_in must be at least 0");
    refused(json.replace("\"tokens_in\":120", "\"tokens_in\":\"1\""), "tokens_in must be a number");
    refused(json.replace("\"tokens_in\":120,", ""), "tokens_in is missing");
    refused(json.replace("\"leaving\":true,", ""), "leaving is missing");
    refused(json.replace("\"0:3\"", "\"zero\""), "experts names 'zero', must be layer:expert");
    refused(
        json.replace("\"0:3\":60", "\"0:3\":-60"), "experts must be an object of counts from 0");
    refused(json.replace("\"interval_millis\":1003", "\"interval_millis\":0"), "at least 1");
    refused("[]", "it is no JSON object");
    refused("", "it is no JSON object");
  }

  @Test
  void damagedBytesAreRefusedAndNeverAnythingElse() {
    byte[] json = LoadEventJson.write(EVENT);
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 5_000; round++) {
      byte[] damaged = json.clone();
      for (int i = random.nextInt(4); i >= 0; i--) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      try {
        LoadEventJson.read(damaged);
      } catch (MalformedEventException e) {
        assertThat(e.getMessage()).as("seed %d", seed).isNotBlank();
      }
    }
  }

  private static void refused(String json, String why) {
    assertThatThrownBy(() -> LoadEventJson.read(bytes(json)))
        .isInstanceOf(MalformedEventException.class)
        .hasMessageContaining(why);
  }

  private static byte[] bytes(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }

  private static Set<String> names(String text, String pattern) {
    Set<String> names = new HashSet<>();
    Matcher matcher = Pattern.compile(pattern).matcher(text);
    while (matcher.find()) {
      names.add(matcher.group(1));
    }
    return names;
  }

  private static String resource(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(LoadEventJsonTest.class.getResourceAsStream(name), name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
