package io.expertmesh.gateway.core.text;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Names of tokens read off the vocabulary, so that bytes of a split character stay visible. Knows
 * the two alphabets in use: GPT-2's table of printable stand-ins for bytes, and SentencePiece's "▁"
 * for a space with {@code <0xE4>} for a byte.
 */
public final class VocabularyNames implements TokenNames {
  /** How the entries of a vocabulary spell bytes. */
  public enum Alphabet {
    /** GPT-2: one printable character per byte. */
    BYTE_LEVEL,
    /** SentencePiece. */
    SENTENCE_PIECE,
    /** Entries are the text itself. */
    PLAIN
  }

  private static final int[] BYTE_OF = byteTable();

  private final @Nullable String[] entries;
  private final Set<Integer> added;
  private final Alphabet alphabet;
  private final AtomicReferenceArray<@Nullable String> names;

  /**
   * @param entries by id; null where there is none
   * @param added ids whose entries are the text itself
   */
  public VocabularyNames(@Nullable String[] entries, Set<Integer> added, Alphabet alphabet) {
    this.entries = entries.clone();
    this.added = Set.copyOf(added);
    this.alphabet = alphabet;
    this.names = new AtomicReferenceArray<>(entries.length);
  }

  @Override
  public String name(int id) {
    if (id >= entries.length) {
      return IdsOnly.INSTANCE.name(id);
    }
    String name = names.get(id);
    if (name == null) {
      name = spell(id);
      names.set(id, name);
    }
    return name;
  }

  @Override
  public byte @Nullable [] bytes(int id) {
    String entry = id < entries.length ? entries[id] : null;
    if (entry == null) {
      return null;
    }
    if (added.contains(id)) {
      return entry.getBytes(StandardCharsets.UTF_8);
    }
    return switch (alphabet) {
      case BYTE_LEVEL -> byteLevel(entry);
      case SENTENCE_PIECE -> sentencePiece(entry);
      case PLAIN -> entry.getBytes(StandardCharsets.UTF_8);
    };
  }

  private String spell(int id) {
    byte[] bytes = bytes(id);
    if (bytes == null) {
      return IdsOnly.INSTANCE.name(id);
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes))
          .toString();
    } catch (CharacterCodingException e) {
      StringBuilder name = new StringBuilder("bytes:");
      for (byte b : bytes) {
        name.append(String.format(Locale.ROOT, "\\x%02x", b & 0xFF));
      }
      return name.toString();
    }
  }

  private static byte[] byteLevel(String entry) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(entry.length());
    for (int i = 0; i < entry.length(); i++) {
      char c = entry.charAt(i);
      if (c < BYTE_OF.length && BYTE_OF[c] >= 0) {
        bytes.write(BYTE_OF[c]);
      } else {
        bytes.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
      }
    }
    return bytes.toByteArray();
  }

  private static byte[] sentencePiece(String entry) {
    if (entry.length() == 6 && entry.startsWith("<0x") && entry.endsWith(">")) {
      return new byte[] {(byte) Integer.parseInt(entry.substring(3, 5), 16)};
    }
    return entry.replace('\u2581', ' ').getBytes(StandardCharsets.UTF_8);
  }

  /** Printable Latin bytes stand for themselves, the 68 others for U+0100 upward in order. */
  private static int[] byteTable() {
    int[] table = new int[0x144];
    Arrays.fill(table, -1);
    int next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      table[printable ? b : next++] = b;
    }
    return table;
  }
}
