using Quorleans.KeyValue.Handoff;

namespace Quorleans.KeyValue.Tests;

/// <summary>What the driver says, given what its group has decided.</summary>
public sealed class HandoffDriverTests
{
    private static readonly GroupRef Source = new(1, 1), Destination = new(2, 9);

    [Fact]
    public void SlowedWrites_AreSlowNoLonger_WhenTheLeadershipIsLost()
    {
        HandoffDriver driver = new(Source, HandoffDriverOptions.Default);
        List<HandoffEffect> effects = [];
        for (int sample = 0; sample < 3; sample++) driver.Step(sample * 1_000, isLeader: true, Exporting(lagBytes: 10L << 20), View(), effects);
        Assert.Contains(effects, static effect => effect is { Kind: HandoffEffectKind.SlowWrites, DelayMs: > 0 });

        effects.Clear();
        driver.Step(3_000, isLeader: false, [], View(), effects);
        HandoffEffect end = Assert.Single(effects);
        Assert.Equal((HandoffEffectKind.SlowWrites, 0), (end.Kind, end.DelayMs));
    }

    [Fact]
    public void MovesOfOneControllerEntry_AreDrivenEach()
    {
        HandoffDriver driver = new(Source, HandoffDriverOptions.Default);
        List<HandoffEffect> effects = [];
        ShardStatus[] serving = [.. Enumerable.Range(0, 2).Select(static shard => new ShardStatus { Shard = new ShardId(shard), Phase = ShardPhase.Serving, Epoch = 1 })];
        driver.Step(0, isLeader: true, serving, new ControllerView(9, [new MoveOrder(Move(0)), new MoveOrder(Move(1))], [1, 1]), effects);
        Assert.Equal([0, 1], effects.Where(static effect => effect.Kind == HandoffEffectKind.Propose).Select(static effect => effect.Move.Shard.Value));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ASourceFreezesBeforeTheCopy_OnlyWhenItIsToldTo(bool freezesBeforeCopy)
    {
        HandoffDriver driver = new(Source, HandoffDriverOptions.Default with { FreezesBeforeCopy = freezesBeforeCopy });
        List<HandoffEffect> effects = [];
        ShardStatus exporting = Exporting(lagBytes: 0)[0] with { Asked = 0, LagOperations = 0 };
        driver.Step(0, isLeader: true, [exporting], View(), effects);
        Assert.Equal(freezesBeforeCopy, effects.Exists(static effect => effect.Kind == HandoffEffectKind.Propose));
    }

    [Fact]
    public void ADestinationPausesBetweenChunks_AsLongAsItIsToldTo()
    {
        HandoffDriver driver = new(Destination, HandoffDriverOptions.Default with { ChunkPauseMs = 5 });
        List<HandoffEffect> effects = [];
        ShardStatus copying = new() { Shard = new ShardId(0), Phase = ShardPhase.Importing, Move = Move(0), Attempt = 1, Start = 3, Stage = ImportStage.Copying };
        driver.Step(100, isLeader: true, [copying], View(), effects);
        Assert.Single(effects, static effect => effect.Kind == HandoffEffectKind.Pull);
        driver.Answered(101, new PullAnswer { Kind = PullKind.Chunk, Move = 9, Shard = new ShardId(0), Attempt = 1, Start = 3, Number = 0, Position = new byte[] { 1 } }, effects);

        effects.Clear();
        ShardStatus applied = copying with { Next = 1 };
        driver.Step(105, isLeader: true, [applied], View(), effects);
        Assert.Empty(effects);
        driver.Step(106, isLeader: true, [applied], View(), effects);
        Assert.Single(effects, static effect => effect.Kind == HandoffEffectKind.Pull);
    }

    [Theory]
    [InlineData(4, 36)] // asked at 100, applied at 104: 8 times 4 after that
    [InlineData(0, 5)] // at once: the pause
    [InlineData(60, 160)] // held up by something: no longer than 100
    public void ADestinationRestsBetweenChunks_AsManyTimesAsLongAsTheLastOneTook(int tookMs, int nextMs)
    {
        HandoffDriver driver = new(Destination, HandoffDriverOptions.Default with { StepMs = 20, ChunkPauseMs = 5, ChunkRestTimes = 8 });
        List<HandoffEffect> effects = [];
        ShardStatus copying = new() { Shard = new ShardId(0), Phase = ShardPhase.Importing, Move = Move(0), Attempt = 1, Start = 3, Stage = ImportStage.Copying };
        driver.Step(100, isLeader: true, [copying], View(), effects);
        driver.Answered(100, new PullAnswer { Kind = PullKind.Chunk, Move = 9, Shard = new ShardId(0), Attempt = 1, Start = 3, Number = 0, Position = new byte[] { 1 } }, effects);

        effects.Clear();
        ShardStatus applied = copying with { Next = 1 };
        driver.Step(100 + tookMs, isLeader: true, [applied], View(), effects);
        Assert.Equal(Math.Min(20, nextMs - tookMs), driver.PauseMs);
        driver.Step(100 + nextMs - 1, isLeader: true, [applied], View(), effects);
        Assert.Equal(1, driver.PauseMs);
        Assert.Empty(effects);
        driver.Step(100 + nextMs, isLeader: true, [applied], View(), effects);
        Assert.Single(effects, static effect => effect.Kind == HandoffEffectKind.Pull);
    }

    [Theory]
    [InlineData(20, null, 108)] // more will follow: as long again as it took
    [InlineData(10, null, 104)] // the end is near: at once
    [InlineData(20, 100, 104)] // the source froze before it answered: clients wait
    [InlineData(20, 103, 104)] // or behind it
    public void ADestinationRestsBehindDeltas_WhenTheyAreLargeAndTheShardIsServed(int bytes, int? pokedMs, int nextMs)
    {
        HandoffDriver driver = new(Destination, HandoffDriverOptions.Default with { DeltaRestTimes = 1, Limits = HandoffLimits.Default with { DeltaBytes = 30 } });
        List<HandoffEffect> effects = [];
        ShardStatus chasing = new() { Shard = new ShardId(0), Phase = ShardPhase.Importing, Move = Move(0), Attempt = 1, Start = 3, Stage = ImportStage.CatchingUp };
        driver.Step(100, isLeader: true, [chasing], View(), effects);
        if (pokedMs < 101) driver.Poked(9, new ShardId(0));
        driver.Answered(101, new PullAnswer { Kind = PullKind.Delta, Move = 9, Shard = new ShardId(0), Attempt = 1, Start = 3, From = 0, To = 2, Content = new byte[bytes] }, effects);

        if (pokedMs > 101) driver.Poked(9, new ShardId(0));
        effects.Clear();
        ShardStatus applied = chasing with { Next = 2 };
        for (int now = 104; now < nextMs; now++) driver.Step(now, isLeader: true, [applied], View(), effects);
        Assert.Empty(effects);
        driver.Step(nextMs, isLeader: true, [applied], View(), effects);
        Assert.Single(effects, static effect => effect.Kind == HandoffEffectKind.Pull);
    }

    [Fact]
    public void TheLastChunkIsNotFollowedByARest()
    {
        HandoffDriver driver = new(Destination, HandoffDriverOptions.Default with { ChunkPauseMs = 5, ChunkRestTimes = 8 });
        List<HandoffEffect> effects = [];
        ShardStatus copying = new() { Shard = new ShardId(0), Phase = ShardPhase.Importing, Move = Move(0), Attempt = 1, Start = 3, Stage = ImportStage.Copying };
        driver.Step(100, isLeader: true, [copying], View(), effects);
        PullAnswer last = new() { Kind = PullKind.Chunk, Move = 9, Shard = new ShardId(0), Attempt = 1, Start = 3, Number = 0, IsLast = true };
        driver.Answered(101, last, effects);

        effects.Clear();
        driver.Step(110, isLeader: true, [copying with { Stage = ImportStage.CatchingUp }], View(), effects);
        Assert.Single(effects, static effect => effect.Kind == HandoffEffectKind.Pull);
    }

    private static ShardMove Move(int shard) => new(9, new ShardId(shard), Source, Destination, 2);

    private static ControllerView View() => new(9, [new MoveOrder(Move(0))], [1]);

    private static ShardStatus[] Exporting(long lagBytes) =>
    [
        new ShardStatus
        {
            Shard = new ShardId(0), Phase = ShardPhase.Exporting, Epoch = 1, Move = Move(0), Attempt = 1, HasView = true, Asked = 1, LagOperations = 1_000_000, LagBytes = lagBytes,
        },
    ];
}
