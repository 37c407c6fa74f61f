package io.expertmesh.protocol.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class HostPortTest {
  @Test
  void anAddressIsAHostAndAPortAndNothingElse() {
    assertThat(HostPort.parse("a:1")).contains(new HostPort("a", 1));
    assertThat(HostPort.parse("[::1]:65535")).contains(new HostPort("[::1]", 65535));
    for (String wrong : List.of("", "a", ":1", "a:", "a:0", "a:65536", "a:-1", "a:b", "a:1 ")) {
      assertThat(HostPort.parse(wrong)).as(wrong).isEmpty();
    }
  }

  @Test
  void aListNamesThePropertyAndTheWrongEntry() {
    assertThat(HostPort.list("p", List.of("a:1", " b:2")))
        .extracting(HostPort::toString)
        .containsExactly("a:1", "b:2");
    assertThatThrownBy(() -> HostPort.list("p", List.of("a:1", "b")))
        .isInstanceOf(MeshException.class)
        .hasMessage("p is 'b', must be host:port with a port from 1 to 65535.");
  }
}
