package io.expertmesh.gateway.core.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IncrementalDetokenizerTest {
  /** A vocabulary of the 256 bytes: every character beyond ASCII is split over tokens. */
  private static final TokenDecoder BYTES =
      (ids, from, to) -> {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = from; i < to; i++) {
          bytes.write(ids[i]);
        }
        return bytes.toString(StandardCharsets.UTF_8);
      };

  private static int[] ids(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int[] ids = new int[bytes.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = bytes[i] & 0xFF;
    }
    return ids;
  }

  @Test
  void noPieceEverHoldsHalfACharacter() {
    long seed = System.nanoTime();
    System.out.println("IncrementalDetokenizerTest seed " + seed);
    Random random = new Random(seed);
    int[] alphabet = {'a', ' ', 0xE9, 0x4E16, 0x1F680, 0x10FFFF};
    for (int round = 0; round < 500; round++) {
      StringBuilder text = new StringBuilder();
      for (int i = 0; i < 40; i++) {
        text.appendCodePoint(alphabet[random.nextInt(alphabet.length)]);
      }
      IncrementalDetokenizer detokenizer = new IncrementalDetokenizer(BYTES, ids("before é"));
      StringBuilder shown = new StringBuilder();
      for (int id : ids(text.toString())) {
        String piece = detokenizer.push(id);
        assertThat(piece).doesNotContain("\uFFFD");
        shown.append(piece);
      }
      shown.append(detokenizer.finish());
      assertThat(shown.toString()).isEqualTo(text.toString());
    }
  }

  @Test
  void aPromptThatEndsInsideACharacterIsCompletedByTheFirstToken() {
    int[] all = ids("世界");
    IncrementalDetokenizer detokenizer =
        new IncrementalDetokenizer(BYTES, new int[] {all[0], all[1], all[2], all[3], all[4]});
    assertThat(detokenizer.push(all[5])).isEqualTo("界");
  }

  @Test
  void bytesThatNeverFormACharacterComeOutInTime() {
    IncrementalDetokenizer detokenizer = new IncrementalDetokenizer(BYTES, new int[0]);
    int shown = 0;
    for (int i = 0; i < 1000; i++) {
      shown += detokenizer.push(0x80).length();
    }
    assertThat(shown).isGreaterThan(950);
    assertThat(detokenizer.push('a')).endsWith("a");
  }

  @Test
  void whatIsIncompleteAtTheEndIsShownAsReplacement() {
    IncrementalDetokenizer detokenizer = new IncrementalDetokenizer(BYTES, new int[0]);
    assertThat(detokenizer.push(0xE4)).isEmpty();
    assertThat(detokenizer.finish()).isEqualTo("\uFFFD");
    assertThat(detokenizer.finish()).isEmpty();
  }

  @Test
  void theLeadingSpaceThatADecoderDropsAtTheStartStaysInsideTheText() {
    TokenDecoder stripping =
        (ids, from, to) -> {
          String text = BYTES.decode(ids, from, to);
          return text.startsWith(" ") ? text.substring(1) : text;
        };
    IncrementalDetokenizer detokenizer = new IncrementalDetokenizer(stripping, ids("x"));
    assertThat(detokenizer.push(' ')).isEqualTo(" ");
    assertThat(detokenizer.push('y')).isEqualTo("y");
    assertThat(detokenizer.push(' ') + detokenizer.push('z')).isEqualTo(" z");
  }
}
