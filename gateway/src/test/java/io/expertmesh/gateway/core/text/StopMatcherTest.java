package io.expertmesh.gateway.core.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopMatcherTest {

  @Test
  void textThatMayBecomeAStopStringIsHeldBack() {
    StopMatcher stops = new StopMatcher(List.of("END"));
    assertThat(stops.push("a E")).isEqualTo("a ");
    assertThat(stops.push("N")).isEmpty();
    assertThat(stops.push("X b")).isEqualTo("ENX b");
    assertThat(stops.push("EN")).isEmpty();
    assertThat(stops.finish()).isEqualTo("EN");
  }

  @Test
  void anyCutIntoPiecesShowsTheTextBeforeAStopString() {
    long seed = System.nanoTime();
    System.out.println("StopMatcherTest seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 2000; round++) {
      String text = letters(random, 30);
      List<String> stops = List.of(letters(random, 1 + random.nextInt(4)), letters(random, 3));
      boolean present = stops.stream().anyMatch(text::contains);
      StopMatcher matcher = new StopMatcher(stops);
      StringBuilder shown = new StringBuilder();
      int from = 0;
      while (from < text.length()) {
        int to = Math.min(text.length(), from + 1 + random.nextInt(5));
        shown.append(matcher.push(text.substring(from, to)));
        from = to;
      }
      shown.append(matcher.finish());
      assertThat(matcher.matched()).isEqualTo(present);
      assertThat(text).startsWith(shown.toString());
      String rest = text.substring(shown.length());
      if (present) {
        assertThat(stops).anyMatch(rest::startsWith);
        assertThat(stops).noneMatch(stop -> shown.toString().contains(stop));
      } else {
        assertThat(rest).isEmpty();
      }
    }
  }

  private static String letters(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) ('a' + random.nextInt(3)));
    }
    return text.toString();
  }
}
