package io.expertmesh.protocol.transport;

import com.google.protobuf.MessageLite;
import java.util.Objects;

/**
 * A message that carries rows: the generated header message with its {@code rows} field empty, and
 * the rows as floats. On the wire it is one legal protobuf message whose last field is {@code bytes
 * rows = 15}.
 *
 * @param header generated message; says row count, width and dtype
 * @param rows {@code row_count × width} values from {@code offset}
 * @param offset first float of the payload
 * @param length floats of the payload
 */
public record RowMessage<H extends MessageLite>(H header, float[] rows, int offset, int length) {
  public RowMessage {
    Objects.requireNonNull(header, "header");
    Objects.requireNonNull(rows, "rows");
    Objects.checkFromIndexSize(offset, length, rows.length);
  }

  /** A message without rows. */
  public static <H extends MessageLite> RowMessage<H> of(H header) {
    return new RowMessage<>(header, new float[0], 0, 0);
  }

  /** A message whose rows fill an array. */
  public static <H extends MessageLite> RowMessage<H> of(H header, float[] rows) {
    return new RowMessage<>(header, rows, 0, rows.length);
  }
}
