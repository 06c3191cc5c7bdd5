using System.Runtime.CompilerServices;
using System.Text;
using Quorleans.Clerk;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.Hosting;

/// <summary>Reads the store for jobs, by the silo's Clerk, page by page. What the coordinator of jobs keeps there is not read unless it is asked for.</summary>
/// <param name="clerk">The Clerk.</param>
internal sealed class ClerkStoreScanner(IClerk clerk) : IStoreScanner
{
    private static ReadOnlySpan<byte> OfJobs => "$mr"u8;

    /// <inheritdoc/>
    public async IAsyncEnumerable<KeyValuePair<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>> ScanAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ScanRequest request = new() { Prefix = Encoding.UTF8.GetBytes(prefix), Limit = 10_000 };
        while (true)
        {
            ScanPage page = await clerk.ScanAsync(request, cancellation).ConfigureAwait(false);
            foreach (ScanItem item in page.Items)
                if (prefix.Length > 0 || !item.Key.Span.StartsWith(OfJobs)) yield return new(item.Key, item.Value);
            if (page.Continuation is null) yield break;
            request = request with { Continuation = page.Continuation };
        }
    }
}
