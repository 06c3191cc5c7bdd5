using System.Text;
using Quorleans.KeyValue;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>Drives a core by hand: the test decides what each attempt meets, and when.</summary>
internal sealed class CoreDriver
{
    private readonly ResultBatchBuilder _results = new();

    public CoreDriver(Action<ClerkOptions>? configure = null)
    {
        ClerkOptions options = new();
        configure?.Invoke(options);
        Core = new ClerkCore(options, new ClientId(7), seed: 1);
    }

    public ClerkCore Core { get; }

    public long NowMs { get; private set; }

    public long LogTimeMs => NowMs + 1_000_000;

    /// <summary>Attempts sent and not taken by the test yet.</summary>
    public List<ClerkAttempt> Sent { get; } = [];

    public List<ClerkOperation> Ended { get; } = [];

    public static ReadOnlyMemory<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public ClerkOperation Put(string key, string value = "v") => Submit(new ClerkOperation(OperationKind.Put, Bytes(key), Bytes(value)));

    public ClerkOperation Get(string key) => Submit(new ClerkOperation(OperationKind.Get, Bytes(key)));

    public ClerkOperation Submit(ClerkOperation operation)
    {
        Core.Submit(operation, NowMs);
        return operation;
    }

    /// <summary>Lets the core go on at the present time.</summary>
    public CoreDriver Step()
    {
        Core.Advance(NowMs);
        Take();
        return this;
    }

    /// <summary>Lets time pass; the core is called whenever it asked to be.</summary>
    public CoreDriver Pass(long milliseconds)
    {
        long end = NowMs + milliseconds;
        while (Core.NextWakeMs <= end)
        {
            NowMs = Math.Max(NowMs, Core.NextWakeMs);
            Step();
        }

        NowMs = end;
        return this;
    }

    /// <summary>Takes the one attempt that was sent.</summary>
    public ClerkAttempt TakeSent(AttemptKind kind)
    {
        ClerkAttempt attempt = Assert.Single(Sent);
        Assert.Equal(kind, attempt.Kind);
        Sent.Clear();
        return attempt;
    }

    public void Reply(ClerkAttempt attempt, ReplyStatus status, string? hint = null, string? error = null)
    {
        Core.OnReply(attempt, new ClerkReply(status, default, hint, LogTimeMs, error), NowMs);
        Step();
    }

    public void Busy(ClerkAttempt attempt, int retryAfterMs = 0)
    {
        Core.OnReply(attempt, new ClerkReply(ReplyStatus.Busy, default, null, 0, "too much", RetryAfterMs: retryAfterMs), NowMs);
        Step();
    }

    public void Fail(ClerkAttempt attempt, AttemptFailure failure = AttemptFailure.Unknown)
    {
        Core.OnFailed(attempt, failure, "connection lost", NowMs);
        Step();
    }

    /// <summary>Answers with success, each operation with the status given (the last one for all the others).</summary>
    public void Ok(ClerkAttempt attempt, params OperationStatus[] statuses)
    {
        _results.Begin(attempt.Count);
        for (int i = 0; i < attempt.Count; i++)
        {
            OperationStatus status = statuses.Length == 0 ? OperationStatus.Ok : statuses[Math.Min(i, statuses.Length - 1)];
            _results.Add(status, status == OperationStatus.Ok ? 100 + i : 0);
        }

        Core.OnReply(attempt, new ClerkReply(ReplyStatus.Ok, _results.Build(), null, LogTimeMs), NowMs);
        Step();
    }

    /// <summary>Answers with bytes made by the test.</summary>
    public void Ok(ClerkAttempt attempt, Action<ResultBatchBuilder> build)
    {
        _results.Begin(attempt.Count);
        build(_results);
        Core.OnReply(attempt, new ClerkReply(ReplyStatus.Ok, _results.Build(), null, LogTimeMs), NowMs);
        Step();
    }

    /// <summary>Lets the core find its leader, by way of a first read.</summary>
    public CoreDriver FindLeader(string node = "n1")
    {
        ClerkOperation read = Get("warm-up");
        for (int i = 0; i < 10 && Core.LeaderNode is null; i++)
        {
            Step();
            foreach (ClerkAttempt probe in Sent.ToArray())
            {
                Sent.Remove(probe);
                Assert.Equal(AttemptKind.Probe, probe.Kind);
                if (probe.Target == $"g1/{node}") Ok(probe);
                else Reply(probe, ReplyStatus.NotLeader, node);
            }
        }

        Assert.Equal(node, Core.LeaderNode);
        Ok(TakeSent(AttemptKind.Read));
        Assert.True(read.IsDone);
        Ended.Clear();
        return this;
    }

    private void Take()
    {
        Sent.AddRange(Core.Effects.Sends);
        Ended.AddRange(Core.Effects.Completions);
        Core.Effects.Clear();
    }
}

/// <summary>Reads what the core sent.</summary>
internal static class AttemptExtensions
{
    public static List<WriteOperation> Writes(this ClerkAttempt attempt)
    {
        Assert.Equal(AttemptKind.Write, attempt.Kind);
        List<WriteOperation> writes = [];
        WriteBatchReader reader = new(attempt.Payload);
        while (reader.TryRead(out WriteOperationView view))
        {
            writes.Add(new WriteOperation
            {
                Kind = view.Kind, Sequence = view.Sequence, Floor = view.Floor, DeadlineMs = view.DeadlineMs, Key = view.Key.ToArray(),
                Value = view.Value.ToArray(), ExpectedVersion = view.ExpectedVersion,
            });
        }

        Assert.False(reader.Error.IsError, reader.Error.Message);
        return writes;
    }

    /// <summary>The shards that the one scan in it asks for.</summary>
    public static byte[] ScanShards(this ClerkAttempt attempt) => Assert.Single(attempt.Reads()).Shards.ToArray();

    public static List<ReadOperation> Reads(this ClerkAttempt attempt)
    {
        List<ReadOperation> reads = [];
        ReadBatchReader reader = new(attempt.Payload);
        while (reader.TryRead(out ReadOperationView view))
        {
            reads.Add(new ReadOperation
            {
                Kind = view.Kind, Key = view.Key.ToArray(), From = view.From.ToArray(), To = view.To.ToArray(), After = view.After.ToArray(),
                Limit = view.Limit, Shards = view.Shards.ToArray(), Body = view.Body.ToArray(),
            });
        }

        Assert.False(reader.Error.IsError, reader.Error.Message);
        return reads;
    }
}
