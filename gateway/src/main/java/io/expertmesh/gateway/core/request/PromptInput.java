package io.expertmesh.gateway.core.request;

import java.util.List;
import java.util.Map;

/** A prompt as the client gave it. */
public sealed interface PromptInput {

  /**
   * Text of {@code /v1/completions}.
   *
   * @param addSpecialTokens whether the tokenizer may add its beginning of sequence
   */
  record Text(String text, boolean addSpecialTokens) implements PromptInput {}

  /** Token ids, passed on as they are. */
  record Ids(int[] ids) implements PromptInput {}

  /**
   * A conversation, rendered by the checkpoint's template.
   *
   * @param messages every field of every message as template values; {@code content} is a string
   * @param templateArguments extra variables of the template
   * @param addGenerationPrompt whether the rendering ends with the head of the answer
   */
  record Chat(
      List<Map<String, Object>> messages,
      Map<String, Object> templateArguments,
      boolean addGenerationPrompt)
      implements PromptInput {}
}
