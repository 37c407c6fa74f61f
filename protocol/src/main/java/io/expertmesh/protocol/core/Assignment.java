package io.expertmesh.protocol.core;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * What a spare process is told when it is needed, as one line of text: the arguments with which it
 * would have been started.
 *
 * @param arguments of a main method
 */
public record Assignment(List<String> arguments) {
  public Assignment {
    arguments = List.copyOf(arguments);
  }

  /** Reads what {@link #line} wrote. */
  public static Assignment parse(String line) {
    return new Assignment(
        Arrays.stream(line.split(" ", -1))
            .map(word -> URLDecoder.decode(word, StandardCharsets.UTF_8))
            .toList());
  }

  /** The arguments, percent-encoded, between spaces; without an end of line. */
  public String line() {
    return arguments.stream()
        .map(argument -> URLEncoder.encode(argument, StandardCharsets.UTF_8))
        .collect(Collectors.joining(" "));
  }
}
