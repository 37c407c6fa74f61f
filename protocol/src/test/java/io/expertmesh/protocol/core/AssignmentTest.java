package io.expertmesh.protocol.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class AssignmentTest {
  @Test
  void anyArgumentsFitIntoOneLine() {
    Assignment assignment =
        new Assignment(
            List.of("--expertmesh.expert.split=0/2", "", "a b\tc\nd", "100% + \u00e9\u4e2d"));

    assertThat(assignment.line()).doesNotContain("\n", "\t");
    assertThat(Assignment.parse(assignment.line())).isEqualTo(assignment);
  }
}
