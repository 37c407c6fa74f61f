package io.expertmesh.tests.scaling;

import static org.assertj.core.api.Assertions.assertThat;

import io.expertmesh.protocol.core.LoadEvent;
import io.expertmesh.protocol.transport.LoadEventJson;
import io.expertmesh.protocol.transport.LoadEventJson.MalformedEventException;
import io.expertmesh.tests.support.MeshUnderTest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/**
 * All that a mesh has told beside its answers: records of Kafka, logs, metrics, states, spans. By
 * name of where it was found.
 */
record Whispers(List<String> records, Map<String, String> texts) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration NOTHING_MORE = Duration.ofSeconds(2);

  /** Everything up to now. */
  static Whispers of(MeshUnderTest mesh) {
    List<String> records = records(mesh.instance("kafka").grpcPort());
    Map<String, String> texts = new LinkedHashMap<>();
    try (Stream<Path> logs = Files.list(mesh.runDirectory().resolve("logs"))) {
      for (Path log : logs.toList()) {
        texts.put(log.toString(), Files.readString(log));
      }
    } catch (NoSuchFileException e) {
      // A spare became a replica, and so did its log.
      return of(mesh);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (String path : List.of("/metrics", "/v1/scaling")) {
      texts.put(path, mesh.client().get(path).text());
    }
    for (MeshUnderTest.Instance instance : mesh.instances()) {
      // Replicas and spares may come and go meanwhile.
      if (!List.of("KAFKA", "EXPERT", "SPARE").contains(instance.kind())) {
        texts.put("status of " + instance.name(), mesh.status(instance).toString());
      }
    }
    texts.put("records", String.join("\n", records));
    return new Whispers(records, texts);
  }

  /** This, and what was told elsewhere. */
  Whispers and(String where, String text) {
    Map<String, String> all = new LinkedHashMap<>(texts);
    all.put(where, text);
    return new Whispers(records, all);
  }

  private static List<String> records(int port) {
    Properties properties = new Properties();
    properties.setProperty("bootstrap.servers", "127.0.0.1:" + port);
    List<String> records = new ArrayList<>();
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(LoadEvent.TOPIC).stream()
              .map(info -> new TopicPartition(info.topic(), info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (ends.entrySet().stream()
          .anyMatch(end -> consumer.position(end.getKey()) < end.getValue())) {
        for (ConsumerRecord<String, String> record : consumer.poll(NOTHING_MORE)) {
          records.add(record.key() + " " + record.headers() + " " + record.value());
        }
      }
    }
    return records;
  }

  /** The load events among the records. */
  List<LoadEvent> events() {
    return records.stream().map(Whispers::event).toList();
  }

  private static String value(String record) {
    return record.substring(record.indexOf('{'));
  }

  private static LoadEvent event(String record) {
    try {
      return LoadEventJson.read(value(record).getBytes(StandardCharsets.UTF_8));
    } catch (MalformedEventException e) {
      throw new AssertionError(record, e);
    }
  }

  /** Every record has the fields of the published schema and no others, whose texts are names. */
  void areCountsOnly() {
    Set<String> allowed = schemaFields();
    assertThat(records).isNotEmpty();
    for (String record : records) {
      JsonNode event = JSON.readTree(value(record));
      assertThat(event.propertyNames()).isSubsetOf(allowed);
      event(record);
      for (String map : List.of("experts", "parked", "tenants")) {
        event.path(map).forEach(count -> assertThat(count.isIntegralNumber()).isTrue());
      }
      for (String text : List.of("service", "shard", "replica", "model")) {
        assertThat(event.path(text).asString("")).matches("[a-z0-9-]*");
      }
    }
  }

  private static Set<String> schemaFields() {
    try (var in = LoadEvent.class.getResourceAsStream("/expertmesh/load-event.v1.schema.json")) {
      return Set.copyOf(JSON.readTree(in).path("properties").propertyNames());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** None of these is anywhere. */
  void tellNothingOf(List<String> secrets) {
    for (String secret : secrets) {
      texts.forEach(
          (where, text) -> assertThat(text.contains(secret)).as(secret + " in " + where).isFalse());
    }
  }
}
