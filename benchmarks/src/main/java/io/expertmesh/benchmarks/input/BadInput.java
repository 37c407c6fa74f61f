package io.expertmesh.benchmarks.input;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A request that must be refused.
 *
 * @param name what is wrong with it
 * @param body bytes that are posted as JSON to {@code /v1/completions}
 */
record BadInput(String name, byte[] body) {
  private static final int MEGABYTE = 1 << 20;

  /**
   * Every kind of wrong input that a public endpoint has to expect.
   *
   * @param vocabulary token ids of the served model
   * @param context most tokens of a request
   */
  static List<BadInput> all(int vocabulary, int context) {
    return List.of(
        text("no prompt", "{\"max_tokens\":4}"),
        text("empty prompt", "{\"prompt\":\"\",\"max_tokens\":4}"),
        text("empty list of prompts", "{\"prompt\":[],\"max_tokens\":4}"),
        field("prompt over the context", "\"max_tokens\":4", ids(context + 1)),
        field("max_tokens 0", "\"max_tokens\":0"),
        field("max_tokens -1", "\"max_tokens\":-1"),
        field("max_tokens huge", "\"max_tokens\":4000000000"),
        field("temperature NaN", "\"temperature\":NaN"),
        field("temperature -1", "\"temperature\":-1"),
        field("top_p 0", "\"top_p\":0"),
        field("top_p 1.1", "\"top_p\":1.1"),
        field("n 1000", "\"n\":1000"),
        field("10,000 stop strings", "\"stop\":[" + repeated("\"ab\"", 10_000) + "]"),
        field("token id out of range", "\"max_tokens\":4", "[" + vocabulary + "]"),
        field("unknown model", "\"model\":\"no-such-model\""),
        field("stream is a number", "\"stream\":7"),
        field("seed is a text", "\"seed\":\"seven\""),
        text(
            "JSON of depth 10,000", "{\"prompt\":" + "[".repeat(10_000) + "]".repeat(10_000) + "}"),
        text("truncated JSON", "{\"prompt\":\"Once upon"),
        new BadInput("invalid UTF-8", invalidUtf8()),
        new BadInput("body of 50 MB", large()));
  }

  private static BadInput field(String name, String field) {
    return field(name, field, "[5,6,7]");
  }

  private static BadInput field(String name, String field, String prompt) {
    return text(name, "{\"prompt\":" + prompt + "," + field + "}");
  }

  private static BadInput text(String name, String body) {
    return new BadInput(name, body.getBytes(StandardCharsets.UTF_8));
  }

  private static String ids(int count) {
    return IntStream.range(0, count).mapToObj(i -> "5").collect(Collectors.joining(",", "[", "]"));
  }

  private static String repeated(String element, int count) {
    return String.join(",", Collections.nCopies(count, element));
  }

  private static byte[] invalidUtf8() {
    byte[] body = "{\"prompt\":\"ab\",\"max_tokens\":4}".getBytes(StandardCharsets.UTF_8);
    body[11] = (byte) 0xc3;
    return body;
  }

  private static byte[] large() {
    byte[] body = new byte[50 * MEGABYTE];
    Arrays.fill(body, (byte) 'a');
    byte[] head = "{\"prompt\":\"".getBytes(StandardCharsets.UTF_8);
    System.arraycopy(head, 0, body, 0, head.length);
    body[body.length - 2] = '"';
    body[body.length - 1] = '}';
    return body;
  }
}
