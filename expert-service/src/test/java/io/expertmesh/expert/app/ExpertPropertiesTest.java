package io.expertmesh.expert.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.expertmesh.protocol.app.StartFailure;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class ExpertPropertiesTest {
  private final Map<String, String> keys =
      new HashMap<>(
          Map.of("expertmesh.model", "models/m", "expertmesh.expert.routers", "127.0.0.1:7001"));

  @Test
  void everythingElseHasADefault() {
    ExpertProperties properties = bind();

    assertThat(properties.modelUrl()).isEmpty();
    assertThat(properties.modelId()).isEmpty();
    assertThat(properties.provider()).isEqualTo("auto");
    assertThat(properties.dtype()).isEqualTo("auto");
    assertThat(properties.threads()).isZero();
    assertThat(properties.grpc()).isEqualTo(new ExpertProperties.Grpc("127.0.0.1", 0, ""));
    assertThat(properties.expert())
        .isEqualTo(
            new ExpertProperties.Expert("shard", "", "", "127.0.0.1:7001", "", 8192, 20, 0, false));
  }

  @Test
  void everyKeyIsRead() {
    keys.putAll(
        Map.of(
            "expertmesh.model-url", "https://w.example/m",
            "expertmesh.model-id", "m",
            "expertmesh.provider", "scalar",
            "expertmesh.dtype", "bf16",
            "expertmesh.threads", "3",
            "expertmesh.helpers", "2",
            "expertmesh.grpc.host", "0.0.0.0",
            "expertmesh.grpc.port", "7002",
            "expertmesh.grpc.advertise", "10.0.0.7"));
    keys.putAll(
        Map.of(
            "expertmesh.expert.shard", "e1",
            "expertmesh.expert.experts", "*:0",
            "expertmesh.expert.split", "0/2",
            "expertmesh.expert.routers", "a:1, b:2",
            "expertmesh.expert.replica", "e1-r0",
            "expertmesh.expert.queue-pairs", "9",
            "expertmesh.expert.drain-seconds", "4",
            "expertmesh.expert.pace-micros", "250",
            "expertmesh.expert.spare", "true"));
    ExpertProperties properties = bind();

    assertThat(properties)
        .isEqualTo(
            new ExpertProperties(
                "models/m",
                "https://w.example/m",
                "m",
                "scalar",
                "bf16",
                3,
                2,
                new ExpertProperties.Grpc("0.0.0.0", 7002, "10.0.0.7"),
                new ExpertProperties.Expert(
                    "e1", "*:0", "0/2", "a:1, b:2", "e1-r0", 9, 4, 250, true)));
    assertThat(properties.routers()).extracting(Object::toString).containsExactly("a:1", "b:2");
    assertThat(properties.grpc().dialled()).isEqualTo("10.0.0.7");
  }

  @ParameterizedTest
  @CsvSource({
    "expertmesh.model,'',expertmesh.model must name",
    "expertmesh.threads,-1,expertmesh.threads is -1",
    "expertmesh.helpers,1025,expertmesh.helpers is 1025",
    "expertmesh.dtype,int8,expertmesh.dtype is 'int8'",
    "expertmesh.expert.queue-pairs,0,expertmesh.expert.queue-pairs is 0",
    "expertmesh.expert.drain-seconds,-1,expertmesh.expert.drain-seconds is -1",
    "expertmesh.expert.routers,'',expertmesh.expert.routers is ''",
    "expertmesh.expert.routers,localhost,expertmesh.expert.routers is 'localhost'",
    "expertmesh.expert.routers,localhost:99999,expertmesh.expert.routers is 'localhost:99999'",
  })
  void aMistakeIsOneSentenceThatNamesTheKey(String key, String value, String sentence) {
    keys.put(key, value);
    assertThatThrownBy(this::bind)
        .satisfies(e -> assertThat(StartFailure.sentence(e)).startsWith(sentence));
  }

  private ExpertProperties bind() {
    return new Binder(new MapConfigurationPropertySource(keys))
        .bindOrCreate("expertmesh", Bindable.of(ExpertProperties.class));
  }
}
