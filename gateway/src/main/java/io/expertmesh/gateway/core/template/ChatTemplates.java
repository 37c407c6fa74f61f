package io.expertmesh.gateway.core.template;

import java.time.Clock;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The chat template of a checkpoint, or a plain one for checkpoints that have none. */
public final class ChatTemplates {
  /** Roles as headings, the way base models have seen dialogues. */
  static final String PLAIN =
      """
      {%- if bos_token is defined %}{{ bos_token }}{% endif %}
      {%- for message in messages %}
      {{- message.role | capitalize }}: {{ message.content | trim }}{{ "\\n\\n" }}
      {%- endfor %}
      {%- if add_generation_prompt %}Assistant:{% endif %}""";

  private ChatTemplates() {}

  /**
   * The renderer of a template.
   *
   * @param source text of the template, null for the plain one
   * @param specialTokens variables such as {@code bos_token}
   * @param clock what {@code strftime_now} reads
   * @throws TemplateException if the template cannot be parsed
   */
  public static ChatRenderer of(
      @Nullable String source, Map<String, Object> specialTokens, Clock clock) {
    return ChatTemplate.parse(source == null ? PLAIN : source, specialTokens, clock);
  }
}
