package io.expertmesh.gateway.core.template;

import java.util.List;
import java.util.Map;

/** A conversation to the text of a prompt. Thread-safe. */
@FunctionalInterface
public interface ChatRenderer {
  /**
   * The prompt.
   *
   * @param messages fields of each message as template values
   * @param arguments extra variables; they win over the special tokens
   * @param addGenerationPrompt whether the prompt ends with the head of the answer
   * @throws TemplateException if the template refuses the conversation or breaks a bound
   */
  String render(
      List<Map<String, Object>> messages,
      Map<String, Object> arguments,
      boolean addGenerationPrompt);
}
