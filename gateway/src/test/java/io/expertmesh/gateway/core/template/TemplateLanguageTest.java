package io.expertmesh.gateway.core.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The language, one construct a line: template and what Jinja renders. */
class TemplateLanguageTest {

  private static String render(String template) {
    Map<String, Object> variables = new LinkedHashMap<>();
    variables.put("s", "Hello World");
    variables.put("xs", List.of(3L, 1L, 2L));
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("b", 1L);
    d.put("a", List.of("x", true, None.NONE, 1.5));
    variables.put("d", d);
    Clock clock = Clock.fixed(Instant.parse("2026-03-04T05:06:07Z"), ZoneOffset.UTC);
    return ChatTemplate.parse(template, Map.of(), clock).render(variables);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '\u0000',
      ignoreLeadingAndTrailingWhitespace = true,
      value = {
        "{{ xs[::-1] }} @ [2, 1, 3]",
        "{{ s[::-1] }} @ dlroW olleH",
        "{{ s[-5:] ~ s[0] ~ s[-1] }} @ WorldHd",
        "{{ xs[1:] + [9] }} @ [1, 2, 9]",
        "{{ 1 < 2 < 3 }},{{ 1 < 3 < 2 }} @ True,False",
        "{{ 'a' if xs else 'b' }}{{ 'c' if none }} @ a",
        "{{ d }} @ {'b': 1, 'a': ['x', True, None, 1.5]}",
        "{{ d | tojson }} @ {\"b\": 1, \"a\": [\"x\", true, null, 1.5]}",
        "{{ 'é<\"' | tojson }} @ \"é<\\\"\"",
        "{{ d.a[0] }}{{ d['b'] }}{{ d.get('z', 7) }} @ x17",
        "{% for k, v in d.items() %}{{ k }}={{ v | length if v is iterable else v }};{% endfor %} @ b=1;a=4;",
        "{% for k in d %}{{ k }}{% endfor %} @ ba",
        "{% for x in xs if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% else %}none{% endfor %}. @ 1/2:3 2/2:2 .",
        "{% for x in [] %}{% else %}none{% endfor %} @ none",
        "{% for x in xs %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %} @ 32",
        "{% for x in xs %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %} @ 3",
        "{% set x = 1 %}{% for y in xs %}{% set x = y %}{% endfor %}{{ x }} @ 1",
        "{% set ns = namespace(x=1) %}{% for y in xs %}{% set ns.x = y %}{% endfor %}{{ ns.x }} @ 2",
        "{% set a, b = 1, 2 %}{{ a + b }} @ 3",
        "{% set t %}<{{ s }}>{% endset %}{{ t | upper }} @ <HELLO WORLD>",
        "{% macro m(a, b='!') %}{{ a ~ b }}{% endmacro %}{{ m('x') }}{{ m('y', b='?') }} @ x!y?",
        "{% generation %}kept{% endgeneration %} @ kept",
        "{{ '%s-%03d-%.2f%%' % ('a', 7, 1.005) }} @ a-007-1.00%",
        "{{ 'ab' * 3 }}{{ 7 // 2 }}{{ -7 % 3 }}{{ 7 / 2 }}{{ 2 ** 3 }} @ ababab323.58",
        "{{ ', '.join(['a', 'b']) }} @ a, b",
        "{{ 'a,b,c'.split(',')[-1] }}{{ 'x=y=z'.split('=', 1) }} @ c['x', 'y=z']",
        "{{ '  x '.lstrip() }}|{{ '--x--'.rstrip('-') }} @ x |--x",
        "{{ s.startswith('He') and s.endswith('ld') }} @ True",
        "{{ s.lower().replace('o', '0').title() }} @ Hell0 W0Rld",
        "{{ xs | sort | join('<') }} {{ xs | max }} {{ xs | sum }} @ 1<2<3 3 6",
        "{{ xs | map('string') | list }} @ ['3', '1', '2']",
        "{{ [{'r': 1}, {'r': 2}] | selectattr('r', 'equalto', 2) | list }} @ [{'r': 2}]",
        "{{ [{'r': 'p'}, {'r': 'q'}] | map(attribute='r') | join('') }} @ pq",
        "{{ missing is defined }}{{ missing }}{{ missing | default('z') }} @ Falsez",
        "{{ none is none }}{{ 3 is odd }}{{ s is string }}{{ d is mapping }}{{ 2 is not number }} @ TrueTrueTrueTrueFalse",
        "{{ 'ell' in s and 9 not in xs }} @ True",
        "{{ not xs or 0 }} @ 0",
        "{{ 1 == 1.0 }}{{ true == 1 }}{{ '1' == 1 }} @ TrueTrueFalse",
        "{{ \"it's\" }}{{ [\"it's\", 'q\"'] }} @ it's[\"it's\", 'q\"']",
        "{{ (1,) }}{{ (1, 2) }}{{ () }} @ (1,)(1, 2)()",
        "{{ 1e0 if false else 0.1 + 0.2 }} @ 0.30000000000000004",
        "{{ strftime_now('%d %b %Y %H:%M') }} @ 04 Mar 2026 05:06",
        "{{ range(2, 8, 3) }}{{ range(3) | last }} @ [2, 5]2",
        "{{ 'x' | indent(2, true) }} @ x",
        "{{ -2 | abs }}{{ 2.5 | round | int }}{{ '12' | int + 1 }} @ 2213",
        "{# gone #}a{#- gone -#} b @ ab",
        "{{ {'a': {'b': 2}}['a']['b'] }} @ 2",
        "{{ s.split() | first | length }} @ 5"
      })
  void rendersAsJinjaDoes(String template, String expected) {
    assertThat(render(template).strip()).isEqualTo(expected);
  }

  @Test
  void whitespaceIsTrimmedAroundStatements() {
    assertThat(render("a\n  {% if true %}\n  b\n  {% endif %}\nc\n")).isEqualTo("a\n  b\nc");
    assertThat(render("a\n  {{- ' b' -}}  \n c")).isEqualTo("a bc");
    assertThat(render("x {%+ if true %}y{% endif %}")).isEqualTo("x y");
    assertThat(render("{# c #}\nz")).isEqualTo("z");
  }

  @Test
  void jsonIsIndentedAsPythonDoes() {
    assertThat(render("{{ d | tojson(indent=2) }}"))
        .isEqualTo("{\n  \"b\": 1,\n  \"a\": [\n    \"x\",\n    true,\n    null,\n    1.5\n  ]\n}");
    assertThat(render("{{ [] | tojson(indent=2) }}{{ d.a | tojson(separators=(',', ':')) }}"))
        .isEqualTo("[][\"x\",true,null,1.5]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% if true %}",
        "{{ 1 + }}",
        "{{ 'open }}",
        "{% unknown %}",
        "{% endif %}",
        "{{ x | nofilter }}",
        "{{ missing.field }}",
        "{{ 'a' + 1 }}",
        "{{ 1 / 0 }}",
        "{{ raise_exception('no') }}",
        "{% for a, b in [[1]] %}{% endfor %}"
      })
  void whatIsWrongIsATemplateException(String template) {
    assertThatThrownBy(() -> render(template)).isInstanceOf(TemplateException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ 'a' * 1000000000 }}",
        "{{ range(1000000000) }}",
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(100) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
        "{{ '%999s' % 1 * 100000000 }}"
      })
  @Timeout(120)
  void whatWouldNotEndIsStopped(String template) {
    assertThatThrownBy(() -> render(template)).isInstanceOf(TemplateException.class);
  }

  @Test
  void deepNestingIsRefusedAndNotAnOverflow() {
    assertThatThrownBy(() -> render("{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}"))
        .isInstanceOf(TemplateException.class);
    assertThatThrownBy(() -> render("{% if true %}".repeat(5000) + "{% endif %}".repeat(5000)))
        .isInstanceOf(TemplateException.class);
  }

  @Test
  void thePlainTemplateNamesTheRoles() {
    List<Map<String, Object>> messages = List.of(Map.of("role", "user", "content", " Hi "));
    assertThat(
            ChatTemplates.of(null, Map.of("bos_token", "<s>"), Clock.systemUTC())
                .render(messages, Map.of(), true))
        .isEqualTo("<s>User: Hi\n\nAssistant:");
  }
}
