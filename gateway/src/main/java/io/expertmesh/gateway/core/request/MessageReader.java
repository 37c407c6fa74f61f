package io.expertmesh.gateway.core.request;

import io.expertmesh.gateway.core.template.JsonValues;
import io.expertmesh.gateway.core.template.None;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** The messages of a conversation, as values a chat template can read. */
final class MessageReader {
  private static final Set<String> ROLES =
      Set.of("system", "developer", "user", "assistant", "tool", "function");

  List<Map<String, Object>> read(Fields fields) {
    JsonNode messages = fields.get("messages");
    if (messages == null) {
      throw ApiException.invalid("messages", "'messages' is required: an array of messages.");
    }
    if (!messages.isArray()) {
      throw Fields.wrongType("messages", "an array of messages", messages);
    }
    if (messages.isEmpty()) {
      throw ApiException.invalid("messages", "'messages' must hold at least one message.");
    }
    List<Map<String, Object>> result = new ArrayList<>(messages.size());
    for (int i = 0; i < messages.size(); i++) {
      result.add(message("messages[" + i + "]", messages.get(i)));
    }
    return result;
  }

  private Map<String, Object> message(String name, JsonNode node) {
    if (!node.isObject()) {
      throw Fields.wrongType(name, "an object", node);
    }
    JsonNode role = node.get("role");
    if (role == null || role.isNull()) {
      throw ApiException.invalid(name + ".role", "'" + name + ".role' is required.");
    }
    if (!role.isString()) {
      throw Fields.wrongType(name + ".role", "a string", role);
    }
    if (!ROLES.contains(role.stringValue())) {
      throw ApiException.invalid(
          name + ".role",
          "'"
              + name
              + ".role' must be one of system, developer, user, assistant, tool, function, not '"
              + ApiError.shorten(role.stringValue())
              + "'.");
    }
    Map<String, Object> message = JsonValues.object(node);
    message.put("content", content(name + ".content", node, role.stringValue()));
    return message;
  }

  private Object content(String name, JsonNode message, String role) {
    JsonNode content = message.get("content");
    if (content == null || content.isNull()) {
      if (role.equals("assistant") && message.has("tool_calls")) {
        return None.NONE;
      }
      throw ApiException.invalid(name, "'" + name + "' is required.");
    }
    if (content.isString()) {
      return content.stringValue();
    }
    if (!content.isArray()) {
      throw Fields.wrongType(name, "a string or an array of text parts", content);
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < content.size(); i++) {
      text.append(i == 0 ? "" : "\n").append(part(name + "[" + i + "]", content.get(i)));
    }
    return text.toString();
  }

  private String part(String name, JsonNode part) {
    if (!part.isObject()) {
      throw Fields.wrongType(name, "an object with 'type' and 'text'", part);
    }
    JsonNode type = part.get("type");
    if (type == null || !type.isString() || !type.stringValue().equals("text")) {
      throw ApiException.invalid(
          name + ".type", "'" + name + ".type' must be \"text\"; other content is not supported.");
    }
    JsonNode text = part.get("text");
    if (text == null || !text.isString()) {
      throw ApiException.invalid(name + ".text", "'" + name + ".text' must be a string.");
    }
    return text.stringValue();
  }
}
