using System.Globalization;
using System.Text;
using Quorleans.KeyValue;

namespace Quorleans.Benchmarks.Handoff;

/// <summary>Makes keys whose shard is known, by hash tags.</summary>
internal static class KeyPicker
{
    /// <summary>A tag that puts its keys into a shard.</summary>
    public static string TagOf(int shard)
    {
        for (int i = 0; ; i++)
        {
            string tag = string.Create(CultureInfo.InvariantCulture, $"{{t{i}}}");
            if (ShardFunction.Default.Of(Encoding.UTF8.GetBytes(tag)).Value == shard) return tag;
        }
    }
}
