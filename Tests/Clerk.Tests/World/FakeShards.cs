using Quorleans.KeyValue;
using Quorleans.KeyValue.Store;
using Quorleans.Raft;
using Xunit;

namespace Quorleans.Clerk.Tests.World;

/// <summary>A shard's data and sessions: a store of its own, which goes from group to group as a whole.</summary>
internal sealed class FakeShard
{
    private KeyValueStateMachine _machine = new();
    private long _index;

    public OperationResult Apply(ClientId client, in WriteOperationView write, LogTime stamp)
    {
        WriteBatchBuilder batch = new(KeyValueLimits.Default);
        batch.Begin(client);
        Assert.True(batch.TryAdd(new WriteOperation
        {
            Kind = write.Kind, Sequence = write.Sequence, Floor = write.Floor, DeadlineMs = write.DeadlineMs, Key = write.Key.ToArray(),
            Value = write.Value.ToArray(), ExpectedVersion = write.ExpectedVersion,
        }));

        // The machine stops the test if log time goes back over a hand-off.
        LogEntry entry = new(new LogIndex(++_index), new Term(1), EntryKind.Command, stamp, batch.ToArray());
        return Only(_machine.Apply(entry, true));
    }

    public OperationResult Query(in ReadOperation read)
    {
        ReadBatchBuilder batch = new(KeyValueLimits.Default);
        batch.Begin();
        Assert.True(batch.TryAdd(read));
        return Only(_machine.Query(batch.ToArray()));
    }

    public List<KeyValueItem> Items(in ReadOperationView scan)
    {
        OperationResult all = Query(ReadOperation.Scan(scan.Key.ToArray(), scan.From.ToArray(), scan.To.ToArray(), scan.After.ToArray(), 10_000));
        Assert.Null(all.Continuation);
        List<KeyValueItem> items = [];
        foreach (KeyValueItem item in all.Items) items.Add(item);
        return items;
    }

    /// <summary>A planted bug: the data goes on, and nobody remembers what was done.</summary>
    public void ForgetSessions(LogTime stamp)
    {
        OperationResult all = Query(ReadOperation.Scan(default, default, default, default, 10_000));
        (_machine, _index) = (new KeyValueStateMachine(), 0);
        long sequence = 0;
        foreach (KeyValueItem item in all.Items)
        {
            WriteBatchBuilder batch = new(KeyValueLimits.Default);
            batch.Begin(new ClientId(UInt128.MaxValue));
            batch.TryAdd(new WriteOperation { Kind = OperationKind.Put, Sequence = ++sequence, Key = item.Key, Value = item.Value });
            _machine.Apply(new LogEntry(new LogIndex(++_index), new Term(1), EntryKind.Command, stamp, batch.ToArray()), false);
        }
    }

    private static OperationResult Only(ReadOnlyMemory<byte> results)
    {
        ResultBatchReader reader = new(results);
        Assert.True(reader.TryRead(out OperationResult result));
        return result;
    }
}

/// <summary>
/// The shards of one replica group: it serves some, and refuses operations on the others one by one, with a hint, without one, or with an
/// old one.
/// </summary>
internal sealed class FakeShards(ShardFunction function, Random random) : IFakeMachine
{
    private readonly FakeShard?[] _served = new FakeShard?[function.ShardCount];
    private readonly OwnerHint[] _owners = new OwnerHint[function.ShardCount];
    private readonly bool[] _frozen = new bool[function.ShardCount];

    /// <summary>A planted bug: a scan says that it covers shards that are elsewhere.</summary>
    public bool ScansLie { get; set; }

    public int Refusals { get; private set; }

    public bool Serves(int shard) => _served[shard] is not null;

    public bool ServesAny => Array.Exists(_served, static shard => shard is not null);

    public FakeShard Content(int shard) => _served[shard]!;

    public void Activate(int shard, FakeShard content)
    {
        Assert.Null(_served[shard]);
        _served[shard] = content;
        _frozen[shard] = false;
    }

    /// <summary>From here on another group owns it.</summary>
    public FakeShard Freeze(int shard, int to, long epoch)
    {
        FakeShard content = _served[shard]!;
        _served[shard] = null;
        _owners[shard] = new OwnerHint(to, epoch, 0);
        _frozen[shard] = true;
        return content;
    }

    public void Release(int shard) => _frozen[shard] = false;

    public string? Validate(byte[] payload, bool isQuery) =>
        (isQuery ? BatchValidator.CheckReads(payload, KeyValueLimits.Default, function) : BatchValidator.CheckWrites(payload, KeyValueLimits.Default, function)).Message;

    public ReadOnlyMemory<byte> Apply(byte[] payload, LogTime stamp)
    {
        WriteBatchReader batch = new(payload);
        ResultBatchBuilder results = new();
        results.Begin(batch.Count);
        while (batch.TryRead(out WriteOperationView write))
        {
            int shard = function.Of(write.Key).Value;
            if (_served[shard] is not { } content)
            {
                Refuse(results, shard);
                continue;
            }

            OperationResult result = content.Apply(batch.Client, write, stamp);
            if (result.Value.IsEmpty) results.Add(result.Status, result.Version);
            else results.AddBody(result.Status, result.Value.Span);
        }

        return results.Build();
    }

    public ReadOnlyMemory<byte> Query(byte[] payload)
    {
        ReadBatchReader batch = new(payload);
        ResultBatchBuilder results = new();
        results.Begin(batch.Count);
        while (batch.TryRead(out ReadOperationView read))
        {
            if (read.Kind == OperationKind.Scan) Scan(results, read);
            else if (_served[function.Of(read.Key).Value] is not { } content) Refuse(results, function.Of(read.Key).Value);
            else if (content.Query(ReadOperation.Get(read.Key.ToArray())) is { Status: OperationStatus.Ok } found) results.AddValue(found.Value.Span, found.Version);
            else results.Add(OperationStatus.NotFound, 0);
        }

        return results.Build();
    }

    private void Scan(ResultBatchBuilder results, in ReadOperationView scan)
    {
        List<KeyValueItem> items = [];
        byte[] covered = new byte[ShardBits.Size(_served.Length)];
        bool all = true;
        for (int i = 0; i < _served.Length; i++)
        {
            ShardId shard = new(i);
            if (!scan.Wants(shard)) continue;
            all &= _served[i] is not null;
            if (_served[i] is not { } content) continue;
            ShardBits.Add(covered, shard);
            items.AddRange(content.Items(scan));
        }

        items.Sort(static (left, right) => left.Key.Span.SequenceCompareTo(right.Key.Span));
        bool more = items.Count > scan.Limit;
        if (more) items.RemoveRange(scan.Limit, items.Count - scan.Limit);
        results.BeginScan();
        foreach (KeyValueItem item in items) results.AddScanItem(item.Key.Span, item.Value.Span, item.Version);
        ReadOnlySpan<byte> continuation = more ? items[^1].Key.Span : default;
        if (all || ScansLie) results.EndScan(continuation);
        else results.EndScan(continuation, covered);
    }

    private void Refuse(ResultBatchBuilder results, int shard)
    {
        Refusals++;
        OwnerHint owner = _owners[shard];
        if (owner.Group == 0 || random.Next(4) == 0) results.Add(OperationStatus.WrongShard, 0);
        else if (_frozen[shard]) results.AddOwner(OperationStatus.Moving, owner with { RetryAfterMs = random.Next(2) * 3 });
        else results.AddOwner(OperationStatus.WrongShard, random.Next(4) == 0 ? new OwnerHint(owner.Group, Math.Max(1, owner.Epoch - 2), 0) : owner);
    }
}
