package io.expertmesh.gateway.core.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Templates in the styles of well-known checkpoints, with what they must render. */
@SuppressWarnings("StringConcatToTextBlock") // checkpoints hold them as one line with escapes
class KnownTemplatesTest {
  private static final Map<String, Object> TOKENS = Map.of("bos_token", "<s>", "eos_token", "</s>");
  private static final List<Map<String, Object>> DIALOGUE =
      List.of(
          Map.of("role", "system", "content", "Be kind."),
          Map.of("role", "user", "content", " Hi "),
          Map.of("role", "assistant", "content", "Hello."),
          Map.of("role", "user", "content", "Bye"));
  private static final List<Map<String, Object>> WITHOUT_SYSTEM = DIALOGUE.subList(1, 4);

  private static String render(String template, List<Map<String, Object>> messages) {
    return ChatTemplate.parse(template, TOKENS, Clock.systemUTC()).render(messages, Map.of(), true);
  }

  @Test
  void chatMl() {
    String template =
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' +"
            + " message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}"
            + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
    assertThat(render(template, DIALOGUE))
        .isEqualTo(
            "<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\n Hi <|im_end|>\n"
                + "<|im_start|>assistant\nHello.<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n"
                + "<|im_start|>assistant\n");
  }

  @Test
  void llama2() {
    String template =
        "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}"
            + "{% set system_message = messages[0]['content'] %}{% else %}"
            + "{% set loop_messages = messages %}{% set system_message = false %}{% endif %}"
            + "{% for message in loop_messages %}"
            + "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
            + "{{ raise_exception('Conversation roles must alternate') }}{% endif %}"
            + "{% if loop.index0 == 0 and system_message != false %}"
            + "{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}"
            + "{% else %}{% set content = message['content'] %}{% endif %}"
            + "{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}"
            + "{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}"
            + "{% endif %}{% endfor %}";
    assertThat(render(template, DIALOGUE))
        .isEqualTo(
            "<s>[INST] <<SYS>>\nBe kind.\n<</SYS>>\n\n Hi [/INST] Hello. </s><s>[INST] Bye [/INST]");
    assertThatThrownBy(() -> render(template, DIALOGUE.subList(2, 4)))
        .isInstanceOf(TemplateException.class)
        .hasMessage("Conversation roles must alternate");
  }

  @Test
  void llama3() {
    String template =
        "{% set loop_messages = messages %}{% for message in loop_messages %}"
            + "{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+"
            + " message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}"
            + "{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
            + "{% if add_generation_prompt %}"
            + "{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}";
    assertThat(render(template, WITHOUT_SYSTEM))
        .isEqualTo(
            "<s><|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
                + "<|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|>"
                + "<|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|>"
                + "<|start_header_id|>assistant<|end_header_id|>\n\n");
  }

  @Test
  void mistralWithNamespaceAndRejectattr() {
    String template =
        """
        {%- if messages[0]["role"] == "system" %}
            {%- set system_message = messages[0]["content"] %}
            {%- set loop_messages = messages[1:] %}
        {%- else %}
            {%- set loop_messages = messages %}
        {%- endif %}
        {%- set ns = namespace(index=0) %}
        {%- for message in loop_messages | rejectattr("role", "equalto", "tool") %}
            {%- if message["role"] == "user" %}
                {%- if loop.last and system_message is defined %}
                    {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
                {%- else %}
                    {{- "[INST] " + message["content"] + "[/INST]" }}
                {%- endif %}
                {%- set ns.index = ns.index + 1 %}
            {%- elif message["role"] == "assistant" %}
                {{- " " + message["content"]|trim + eos_token}}
            {%- else %}
                {{- raise_exception("Only user and assistant roles are supported") }}
            {%- endif %}
        {%- endfor %}
        {{- ns.index }}
        """;
    assertThat(render(template, DIALOGUE))
        .isEqualTo("[INST]  Hi [/INST] Hello.</s>[INST] Be kind.\n\nBye[/INST]2");
  }

  @Test
  void gemma() {
    String template =
        "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
            + "{{ raise_exception('System role not supported') }}{% endif %}"
            + "{% for message in messages %}{% if (message['role'] == 'assistant') %}"
            + "{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}"
            + "{{ '<start_of_turn>' + role + '\\n' + message['content'] | trim + '<end_of_turn>\\n' }}"
            + "{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\\n'}}{% endif %}";
    assertThat(render(template, WITHOUT_SYSTEM))
        .isEqualTo(
            "<s><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nHello.<end_of_turn>\n"
                + "<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n");
    assertThatThrownBy(() -> render(template, DIALOGUE)).hasMessage("System role not supported");
  }

  @Test
  void phi3AndZephyr() {
    String phi =
        "{% for message in messages %}{% if message['role'] in ['user', 'system'] %}"
            + "{{'<|' ~ message.role ~ '|>\\n' ~ message['content'] ~ '<|end|>\\n'}}"
            + "{% else %}{{'<|assistant|>\\n' + message['content'] + '<|end|>\\n'}}{% endif %}"
            + "{% endfor %}{{ '<|assistant|>\\n' if add_generation_prompt else eos_token }}";
    assertThat(render(phi, DIALOGUE.subList(0, 1)))
        .isEqualTo("<|system|>\nBe kind.<|end|>\n<|assistant|>\n");
    String zephyr =
        "{% for message in messages %}\n{% if message['role'] == 'user' %}\n"
            + "{{ '<|user|>\n' + message['content'] + eos_token }}\n"
            + "{% elif message['role'] == 'system' %}\n"
            + "{{ '<|system|>\n' + message['content'] + eos_token }}\n{% endif %}\n"
            + "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n"
            + "{% endfor %}";
    assertThat(render(zephyr, DIALOGUE.subList(0, 2)))
        .isEqualTo("<|system|>\nBe kind.</s>\n<|user|>\n Hi </s>\n<|assistant|>\n");
  }
}
