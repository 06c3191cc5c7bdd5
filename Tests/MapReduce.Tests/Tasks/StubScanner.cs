using System.Text;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.MapReduce.Tests.Tasks;

/// <summary>A store that holds what it was given.</summary>
internal sealed class StubScanner(IReadOnlyList<(string Key, string Value)> items) : IStoreScanner
{
    public async IAsyncEnumerable<KeyValuePair<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>> ScanAsync(string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.CompletedTask;
        foreach ((string key, string value) in items)
        {
            cancellation.ThrowIfCancellationRequested();
            if (key.StartsWith(prefix, StringComparison.Ordinal)) yield return new(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value));
        }
    }
}
