using System.Globalization;
using Quorleans.Clerk;

namespace Quorleans.Client;

/// <summary>How results of single operations are printed.</summary>
internal static class ResultOutput
{
    /// <summary>A write that happened: <c>{"key","version"}</c>.</summary>
    public static void WriteWritten(this ClientOutput output, byte[] key, long version, bool json)
    {
        if (!json)
        {
            output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ok, version {version}"));
            return;
        }

        output.WriteJson(line =>
        {
            line.WriteBytes("key", key);
            line.WriteNumber("version", version);
        });
    }

    /// <summary>A key of a scan: <c>{"key","value","version"}</c>, or key, tab, value, both escaped so that each stays in its line.</summary>
    public static void WriteItem(this ClientOutput output, ScanItem item, bool json)
    {
        if (!json)
        {
            output.Out.WriteLine($"{TextEscaper.Escape(item.Key.Span)}\t{TextEscaper.Escape(item.Value.Span)}");
            return;
        }

        output.WriteJson(line =>
        {
            line.WriteBytes("key", item.Key.Span);
            line.WriteBytes("value", item.Value.Span);
            line.WriteNumber("version", item.Version);
        });
    }
}
