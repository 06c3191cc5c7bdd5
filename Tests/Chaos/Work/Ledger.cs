using System.Globalization;
using System.Text;
using Quorleans.Clerk;

namespace Quorleans.Chaos;

/// <summary>
/// Writes new keys without a pause, and remembers what became of each. At the end every acknowledged one must be there, and none that surely did not happen.
/// </summary>
/// <param name="clerk">The store.</param>
/// <param name="log">Is told of what is wrong.</param>
internal sealed class Ledger(IClerk clerk, Log log)
{
    private const string Prefix = "ledger/";
    private const int Page = 1000;
    private const int MostSaid = 5;
    private static readonly TimeSpan AfterRefusal = TimeSpan.FromMilliseconds(20);
    private readonly List<int> _acknowledged = [];
    private readonly HashSet<int> _unknown = [];
    private int _next;

    /// <summary>How many were acknowledged.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>Writes until it is told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            int number = _next++;
            try
            {
                // Not cancelled: what is under way comes to its end.
                await clerk.PutAsync(Key(number), Value(number), CancellationToken.None);
                _acknowledged.Add(number);
                continue;
            }
            catch (ClerkException e)
            {
                if (e.Outcome == OperationOutcome.Unknown) _unknown.Add(number);
            }

            await Pause.ForAsync(AfterRefusal, stop);
        }
    }

    /// <summary>Compares what is there with what shall be.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        Dictionary<int, string> found = [];
        string? token = null;
        do
        {
            ScanPage page = await clerk.ScanAsync(new ScanRequest { Prefix = Encoding.UTF8.GetBytes(Prefix), Limit = Page, Continuation = token }, cancellationToken);
            foreach (ScanItem item in page.Items)
                found.Add(int.Parse(Encoding.UTF8.GetString(item.Key.Span[Prefix.Length..]), CultureInfo.InvariantCulture), Encoding.UTF8.GetString(item.Value.Span));
            token = page.Continuation;
        }
        while (token is not null);

        string[] lost = [.. _acknowledged.Where(number => !found.ContainsKey(number)).Select(Name)];
        string[] changed = [.. found.Where(static pair => pair.Value != Name(pair.Key)).Select(static pair => Name(pair.Key))];
        HashSet<int> may = [.. _acknowledged, .. _unknown];
        string[] undone = [.. found.Keys.Where(number => !may.Contains(number)).Select(Name)];
        Complain(lost, "were acknowledged and are not there");
        Complain(changed, "have another value than was written");
        Complain(undone, "surely did not happen, and are there");
    }

    private void Complain(string[] keys, string what)
    {
        if (keys.Length > 0) log.Violate(string.Create(CultureInfo.InvariantCulture, $"{keys.Length} writes {what}: {string.Join(", ", keys.Take(MostSaid))}"));
    }

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D8}");

    private static byte[] Key(int number) => Encoding.UTF8.GetBytes(Name(number));

    private static byte[] Value(int number) => Key(number);
}
