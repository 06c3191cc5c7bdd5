using Microsoft.Extensions.Time.Testing;
using Quorleans.GrainInterfaces;
using Quorleans.KeyValue;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>The adapter's calls that carry batches for several groups. n1 leads g1, which has a, c…, and g2, which has b, d….</summary>
public sealed class TogetherTests : IAsyncDisposable
{
    private readonly CancellationTokenSource _guard = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly FakeReplicas _replicas = new();
    private readonly OrleansClerk _clerk;
    private TaskCompletionSource? _gate;

    public TogetherTests()
    {
        _guard.CancelAfter(TimeSpan.FromSeconds(20));
        _replicas.Meet = Meet;
        _clerk = new OrleansClerk(
            _replicas, new ClerkOptions { Shards = ShardFunction.FirstByteModulo(2), MaxBatchesInFlight = 1 }, new FakeTimeProvider(), new ConnectionWatch());
    }

    private CancellationToken Stop => _guard.Token;

    public ValueTask DisposeAsync()
    {
        _guard.Dispose();
        return _clerk.DisposeAsync();
    }

    [Fact]
    public async Task BatchesForGroupsOfOneNode_TravelTogether_AndEachGetsItsAnswer()
    {
        (Task<long> odd, Task<long> even) = await PutBothAsync();
        Assert.True(await odd > 0);
        Assert.True(await even > 0);
        Assert.Equal(["n1: g1 g2"], _replicas.Together);
        Assert.Equal("c", await _clerk.GetStringAsync("c", Stop));
        Assert.Equal("d", await _clerk.GetStringAsync("d", Stop));
    }

    [Fact]
    public async Task ABatchThatTakesLonger_IsWaitedForByItself()
    {
        TaskCompletionSource due = _replicas.Late["g2/n1"] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        (Task<long> odd, Task<long> even) = await PutBothAsync();
        await odd;
        Assert.False(even.IsCompleted);

        // Neither is its group's node held up for the others.
        await _clerk.PutAsync("e", "e", Stop);
        Assert.False(even.IsCompleted);
        due.SetResult();
        Assert.True(await even > 0);
    }

    /// <summary>Puts c and d while a call to n1 is under way, so that they leave in the next one.</summary>
    private async Task<(Task<long> Odd, Task<long> Even)> PutBothAsync()
    {
        await _clerk.PutAsync("a", "a", Stop);
        await _clerk.PutAsync("b", "b", Stop); // learns who has it
        TaskCompletionSource gate = _gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<long> first = _clerk.PutAsync("a", "a", Stop);
        while (Volatile.Read(ref _gate) is not null) await Task.Yield(); // it is there
        Task<long> odd = _clerk.PutAsync("c", "c", Stop);
        Task<long> even = _clerk.PutAsync("d", "d", Stop);
        gate.SetResult();
        await first;
        return (odd, even);
    }

    private Task<SubmitReply>? Meet(string address, SubmitRequest request)
    {
        if (address is not ("g1/n1" or "g2/n1")) return Task.FromResult(new SubmitReply(SubmitStatus.NotLeader, default) { LeaderHint = "n1" });
        if (!request.IsQuery && address == "g1/n1" && Owner(request) == 2)
        {
            ResultBatchBuilder results = new();
            results.Begin(1);
            results.AddOwner(OperationStatus.WrongShard, new OwnerHint(2, 5, 0));
            return Task.FromResult(new SubmitReply(SubmitStatus.Ok, results.Build()) { LogTimeMs = 1 });
        }

        return !request.IsQuery && Interlocked.Exchange(ref _gate, null) is { } gate ? ServeAfterAsync(gate.Task, request) : Task.FromResult(_replicas.Serve(request));
    }

    private async Task<SubmitReply> ServeAfterAsync(Task gate, SubmitRequest request)
    {
        await gate;
        return _replicas.Serve(request);
    }

    private static int Owner(SubmitRequest request)
    {
        WriteBatchReader reader = new(request.Payload);
        return reader.TryRead(out WriteOperationView write) && write.Key[0] % 2 == 0 ? 2 : 1;
    }
}
