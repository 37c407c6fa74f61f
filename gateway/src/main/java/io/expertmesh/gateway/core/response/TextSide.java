package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.request.ApiError;
import io.expertmesh.gateway.core.request.ApiException;
import io.expertmesh.gateway.core.request.PromptInput;
import io.expertmesh.gateway.core.template.ChatRenderer;
import io.expertmesh.gateway.core.template.TemplateException;
import io.expertmesh.gateway.core.text.IdsOnly;
import io.expertmesh.gateway.core.text.TokenDecoder;
import io.expertmesh.gateway.core.text.TokenNames;
import io.expertmesh.gateway.core.text.Tokenizer;
import org.jspecify.annotations.Nullable;

/**
 * The tokenizer and the chat template of the served checkpoint. Without a tokenizer only token ids
 * go in, and tokens print as {@code token_id:N}.
 */
public final class TextSide {
  /** No vocabulary in use has an entry of more characters. */
  private static final int MAX_CHARS_PER_TOKEN = 256;

  private final @Nullable Tokenizer tokenizer;
  private final ChatRenderer chat;

  public TextSide(@Nullable Tokenizer tokenizer, ChatRenderer chat) {
    this.tokenizer = tokenizer;
    this.chat = chat;
  }

  /**
   * The ids of a prompt.
   *
   * @param maxContext texts that cannot fit by far are refused before they are tokenized
   * @throws ApiException if it is text and there is no tokenizer, or the template refuses it
   */
  public int[] ids(PromptInput prompt, int maxContext) {
    return switch (prompt) {
      case PromptInput.Ids ids -> ids.ids();
      case PromptInput.Text text ->
          encode("prompt", text.text(), text.addSpecialTokens(), maxContext);
      case PromptInput.Chat conversation -> {
        required("messages");
        yield encode("messages", render(conversation), false, maxContext);
      }
    };
  }

  /** The text of ids. */
  public TokenDecoder decoder(boolean skipSpecialTokens) {
    return tokenizer == null ? IdsOnly.INSTANCE : tokenizer.decoder(skipSpecialTokens);
  }

  /** Names of single tokens. */
  public TokenNames names(boolean asIds) {
    return tokenizer == null || asIds ? IdsOnly.INSTANCE : tokenizer.names();
  }

  /** Refuses text where there is no tokenizer. */
  public void required(String param) {
    if (tokenizer == null) {
      throw ApiException.invalid(
          param,
          "This model has no tokenizer: send token ids as 'prompt' to /v1/completions instead of"
              + " text.");
    }
  }

  private String render(PromptInput.Chat conversation) {
    try {
      return chat.render(
          conversation.messages(),
          conversation.templateArguments(),
          conversation.addGenerationPrompt());
    } catch (TemplateException e) {
      throw ApiException.invalid(
          "messages", "The model's chat template refuses these messages: " + e.getMessage());
    }
  }

  private int[] encode(String param, String text, boolean addSpecialTokens, int maxContext) {
    required(param);
    Tokenizer present = tokenizer;
    if (text.length() > (long) maxContext * MAX_CHARS_PER_TOKEN || present == null) {
      throw new ApiException(
          ApiError.invalid(
              param,
              "context_length_exceeded",
              "'"
                  + param
                  + "' has "
                  + text.length()
                  + " characters, far more than the model's"
                  + " context of "
                  + maxContext
                  + " tokens holds."));
    }
    return present.encode(text, addSpecialTokens);
  }
}
