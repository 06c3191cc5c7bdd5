using Quorleans.KeyValue.Members;

namespace Quorleans.Hosting;

/// <summary>
/// Asks the group that keeps the membership table, over HTTP, from any process: whoever leads it, the last one known first, then all nodes in turn, until the time is up.
/// Whatever is sent may arrive twice: commands are idempotent or bear an id.
/// </summary>
/// <param name="peers">Reaches the nodes.</param>
/// <param name="time">The clock.</param>
public sealed class MembersClient(PeerClient peers, TimeProvider time)
{
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(1), MinPause = TimeSpan.FromMilliseconds(20), MaxPause = TimeSpan.FromMilliseconds(200);
    private volatile string? _leader;

    /// <summary>How long a request is tried before it fails. Default: 10 s.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether a request fails at once when nothing listens at any node. For tools: a silo waits for the others to come up.</summary>
    public bool NeedsAListener { get; init; }

    /// <summary>Reads which nodes were added and removed, linearizably.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ClusterException">Nobody answered for the group in time.</exception>
    public async Task<NodesAnswer> ReadNodesAsync(CancellationToken cancellationToken = default) =>
        MembersCodec.ReadNodes((await SendAsync(isQuery: true, MembersCodec.ReadNodes(), cancellationToken).ConfigureAwait(false)).Bytes);

    /// <summary>Reads the whole table, linearizably.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The table, and the group's log time.</returns>
    /// <exception cref="ClusterException">Nobody answered for the group in time.</exception>
    public Task<(MembersAnswer Table, long LogTimeMs)> ReadAllAsync(CancellationToken cancellationToken = default) => ReadAsync(MembersCodec.ReadAll(), cancellationToken);

    /// <summary>Reads one row, linearizably.</summary>
    /// <param name="silo">The silo's address.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The table with that row only, if there is one, and the group's log time.</returns>
    /// <exception cref="ClusterException">Nobody answered for the group in time.</exception>
    public Task<(MembersAnswer Table, long LogTimeMs)> ReadRowAsync(string silo, CancellationToken cancellationToken = default) => ReadAsync(MembersCodec.ReadRow(silo), cancellationToken);

    /// <summary>Carries out a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="cancellationToken">Gives up; whether the command then happens is open.</param>
    /// <exception cref="ClusterException">Nobody answered for the group in time; whether the command happened is open.</exception>
    public async Task<MembersStatus> ExecuteAsync(MembersCommand command, CancellationToken cancellationToken = default) =>
        MembersCodec.ReadStatus((await SendAsync(isQuery: false, MembersCodec.Encode(command), cancellationToken).ConfigureAwait(false)).Bytes);

    /// <summary>Waits until the group answers, for as long as it takes.</summary>
    /// <param name="waiting">Told after each vain round of <see cref="Patience"/> why there is no answer.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task WaitAsync(Action<string> waiting, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(waiting);
        while (true)
        {
            try
            {
                await ReadAllAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (ClusterException e) when (e.Error == ClusterError.MembersUnavailable)
            {
                waiting(e.Message);
            }
        }
    }

    private async Task<(MembersAnswer, long)> ReadAsync(byte[] query, CancellationToken cancellationToken)
    {
        PeerAnswer answer = await SendAsync(isQuery: true, query, cancellationToken).ConfigureAwait(false);
        return (MembersCodec.ReadAnswer(answer.Bytes), answer.LogTimeMs);
    }

    private async Task<PeerAnswer> SendAsync(bool isQuery, byte[] payload, CancellationToken cancellationToken)
    {
        string path = isQuery ? $"{PeerProtocol.TablePath}?query=true" : PeerProtocol.TablePath;
        Dictionary<string, PeerException> failures = [];
        long start = time.GetTimestamp();
        for (TimeSpan pause = MinPause; ; pause = pause * 2 < MaxPause ? pause * 2 : MaxPause)
        {
            foreach (string node in Order())
            {
                for (string? next = node; next is not null;)
                {
                    (PeerAnswer? answer, next) = await AskAsync(next, path, payload, failures, cancellationToken).ConfigureAwait(false);
                    if (answer is { } found) return found;
                }

                if (time.GetElapsedTime(start) > Patience) throw Unavailable(failures);
            }

            if (NeedsAListener && failures.Values.All(static failure => failure.Code == "Unreachable")) throw Unavailable(failures);
            await Task.Delay(pause, time, cancellationToken).ConfigureAwait(false);
        }
    }

    // One attempt; the second value is another node to ask at once, when this one has named a leader that nothing is known against.
    private async Task<(PeerAnswer? Answer, string? Next)> AskAsync(string node, string path, byte[] payload, Dictionary<string, PeerException> failures, CancellationToken cancellationToken)
    {
        try
        {
            PeerAnswer answer = await peers.SendAsync(peers.TryFind(node) ?? throw new PeerException("Unreachable", "it was removed", null, null), HttpMethod.Post, path, payload, AttemptTimeout, cancellationToken).ConfigureAwait(false);
            _leader = node;
            return (answer, null);
        }
        catch (PeerException e)
        {
            if (_leader == node) _leader = null;
            // A leader that was added later: whoever names it knows where it is.
            if (e.Leader is { } stranger && peers.TryFind(stranger) is null) await LearnAsync(node, cancellationToken).ConfigureAwait(false);
            bool isNew = e.Leader is { } hint && hint != node && peers.TryFind(hint) is not null && !failures.ContainsKey(hint);
            failures[node] = e;
            return (null, isNew ? e.Leader : null);
        }
    }

    private async Task LearnAsync(string node, CancellationToken cancellationToken)
    {
        if (peers.TryFind(node) is not { } from) return;
        try
        {
            peers.Learn(MembersCodec.ReadNodes((await peers.SendAsync(from, HttpMethod.Get, PeerProtocol.NodesPath, null, AttemptTimeout, cancellationToken).ConfigureAwait(false)).Bytes));
        }
        catch (Exception e) when (e is PeerException or InvalidDataException)
        {
            // The next one may tell.
        }
    }

    // Those first that the group began on; a member that was moved is on one of the others.
    private IEnumerable<string> Order()
    {
        string? leader = _leader;
        ClusterConfiguration now = peers.Configuration;
        IEnumerable<string> all = now.Nodes.OrderByDescending(node => now.Members.Contains(node.Name)).Select(static node => node.Name);
        return leader is null ? all : all.Where(node => node != leader).Prepend(leader);
    }

    private ClusterException Unavailable(Dictionary<string, PeerException> failures)
    {
        string said = string.Join("; ", failures.OrderBy(static failure => failure.Key, StringComparer.Ordinal).Select(failure => $"{failure.Key} at {peers.TryFind(failure.Key)?.PeerUri.Authority}: {failure.Value.Message.TrimEnd('.')}"));
        bool isOther = failures.Count > 0 && failures.Values.All(static failure => failure.Code == "OtherCluster");
        string members = string.Join(", ", peers.Configuration.Members);
        return isOther
            ? new ClusterException(ClusterError.OtherCluster, $"The nodes at these addresses belong to another cluster ({said}). Correct the configuration.")
            : new ClusterException(ClusterError.MembersUnavailable, $"The membership table cannot be reached ({said}). A majority of {members} must be up.");
    }
}
