using System.Runtime.InteropServices;

namespace Quorleans.MapReduce.Engine;

/// <summary>What is sorted in a pair's stead.</summary>
/// <param name="Prefix">Eight bytes of the key, as <see cref="KeyPrefix"/> has them.</param>
/// <param name="Place">Where the pair lies; later pairs lie behind earlier ones.</param>
/// <param name="Partition">The partition.</param>
[StructLayout(LayoutKind.Sequential)]
internal record struct PairEntry(ulong Prefix, int Place, int Partition)
{
    /// <summary>Its size.</summary>
    public const int Bytes = 16;
}
