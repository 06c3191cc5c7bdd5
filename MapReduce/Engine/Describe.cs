using System.Text;

namespace Quorleans.MapReduce.Engine;

/// <summary>Renders user data in messages, short and harmless to terminals.</summary>
internal static class Describe
{
    private const int MostBytes = 64;

    public static string Bytes(ReadOnlySpan<byte> bytes)
    {
        StringBuilder text = new("\"");
        foreach (char c in Encoding.UTF8.GetString(bytes[..Math.Min(bytes.Length, MostBytes)])) text.Append(char.IsControl(c) ? '.' : c);
        return text.Append(bytes.Length > MostBytes ? $"…\" ({bytes.Length} bytes)" : "\"").ToString();
    }
}
