package io.expertmesh.model.core;

import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;

/**
 * A checkpoint that cannot be served, with the file, the tensor (where one is to blame) and the
 * rule that it breaks. The message is one plain sentence.
 */
public final class CheckpointException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String file;
  private final String tensor;
  private final String rule;

  CheckpointException(Path file, String rule) {
    this(file, "", rule);
  }

  CheckpointException(Path file, String tensor, String rule) {
    this(file.toString(), tensor, rule);
  }

  /**
   * A refusal of a file that need not be on this machine.
   *
   * @param file its path or address
   * @param rule what it breaks, without a full stop
   */
  public CheckpointException(String file, String rule) {
    this(file, "", rule);
  }

  private CheckpointException(String file, String tensor, String rule) {
    super(
        tensor.isEmpty()
            ? file + ": " + rule + "."
            : file + ", tensor '" + abridged(tensor) + "': " + rule + ".");
    this.file = file;
    this.tensor = tensor;
    this.rule = Objects.requireNonNull(rule, "rule");
  }

  /** File that is to blame. */
  public String file() {
    return file;
  }

  /** Tensor that is to blame, if one is. */
  public Optional<String> tensor() {
    return tensor.isEmpty() ? Optional.empty() : Optional.of(tensor);
  }

  /** The broken rule, with the value found and what is allowed. */
  public String rule() {
    return rule;
  }

  /** Text of a file that may be hostile: without control characters, at most 200 characters. */
  static String abridged(String text) {
    String head = text.length() > 200 ? text.substring(0, 200) + "..." : text;
    return head.replaceAll("\\p{Cntrl}", "?");
  }
}
