package io.expertmesh.model.transport;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a part lies in its file, as the server says.
 *
 * @param from its first byte
 * @param length bytes of the whole file
 */
record ContentRange(long from, long length) {
  private static final Pattern FORM = Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18})");

  /** The value of the header; null if it is none, or says less. */
  static @Nullable ContentRange parse(String header) {
    Matcher form = FORM.matcher(header.strip());
    return form.matches()
        ? new ContentRange(Long.parseLong(form.group(1)), Long.parseLong(form.group(3)))
        : null;
  }
}
