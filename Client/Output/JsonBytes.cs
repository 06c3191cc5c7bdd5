using System.Text.Json;
using System.Text.Unicode;

namespace Quorleans.Client;

/// <summary>How stored bytes stand in JSON, which knows text only.</summary>
internal static class JsonBytes
{
    /// <summary>
    /// Writes <c>"name": "text"</c> when the bytes are UTF-8; otherwise <c>"name": null, "nameBase64": "…"</c>, so that nothing is lost.
    /// </summary>
    public static void WriteBytes(this Utf8JsonWriter writer, string name, ReadOnlySpan<byte> bytes)
    {
        if (Utf8.IsValid(bytes))
        {
            writer.WriteString(name, bytes);
            return;
        }

        writer.WriteNull(name);
        writer.WriteBase64String($"{name}Base64", bytes);
    }
}
