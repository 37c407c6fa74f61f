package io.expertmesh.launcher.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class QuantitiesTest {
  @Test
  void numbersKeepTheDigitsThatMatter() {
    assertThat(Quantities.decimal(0)).isEqualTo("-");
    assertThat(Quantities.decimal(0.1234)).isEqualTo("0.12");
    assertThat(Quantities.decimal(12.34)).isEqualTo("12.3");
    assertThat(Quantities.decimal(1234.4)).isEqualTo("1234");
  }

  @Test
  void bytesAndTimesAreReadable() {
    assertThat(Quantities.bytes(0)).isEqualTo("-");
    assertThat(Quantities.bytes(300L << 20)).isEqualTo("300 MiB");
    assertThat(Quantities.bytes(3L << 30)).isEqualTo("3.0 GiB");
    assertThat(Quantities.span(Duration.ofSeconds(59))).isEqualTo("59 s");
    assertThat(Quantities.span(Duration.ofSeconds(61))).isEqualTo("1 min 1 s");
    assertThat(Quantities.span(Duration.ofMinutes(125))).isEqualTo("2 h 5 min");
  }
}
