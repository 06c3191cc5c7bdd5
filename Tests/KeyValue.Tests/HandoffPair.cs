namespace Quorleans.KeyValue.Tests;

/// <summary>Two groups of one shard, and the steps between them written out by hand: what the driver does, without its freedom.</summary>
internal sealed class HandoffPair
{
    public static readonly GroupRef A = new(1, 1);
    public static readonly GroupRef B = new(2, 7);
    public static readonly ShardMove Move = new(10, new ShardId(0), A, B, 2);
    public static readonly HandoffLimits Small = new() { ChunkBytes = 200, DeltaBytes = 100, FinalBytes = 150 };

    public HandoffPair(HandoffLimits? sizes = null, KeyValueLimits? limits = null)
    {
        ShardFunction one = ShardFunction.HashTag(1);
        Source = new TestStore(limits, one, A, ownsAll: true, sizes ?? Small);
        Destination = new TestStore(limits, one, B, ownsAll: false, sizes ?? Small);
    }

    public TestStore Source { get; set; }

    public TestStore Destination { get; set; }

    public static ShardStatus Status(TestStore store) => store.Machine.DescribeShard(new ShardId(0));

    public static HandoffCommand Command(HandoffKind kind, int attempt = 1, ShardMove? move = null) =>
        new() { Kind = kind, Move = move ?? Move, Attempt = attempt };

    /// <summary>What the destination asks for, from its committed state.</summary>
    public static PullRequest Request(TestStore destination, ShardMove move)
    {
        ShardStatus status = Status(destination);
        bool begun = status.Phase == ShardPhase.Importing && status.Move == move;
        return new PullRequest
        {
            Move = move, Stage = begun ? status.Stage : ImportStage.None, Attempt = begun ? status.Attempt : 0,
            Start = status.Start, Next = status.Next, Position = status.Position,
        };
    }

    public PullAnswer Pull(ShardMove? move = null) => Source.Pull(Request(Destination, move ?? Move));

    /// <summary>One pull and the step that it leads to.</summary>
    public HandoffOutcome PullAndStep(ShardMove? move = null) => Take(Pull(move), move ?? Move);

    public HandoffOutcome Take(PullAnswer answer, ShardMove? move = null) =>
        ToCommand(answer, move ?? Move, out HandoffCommand command) ? Destination.Step(command) : HandoffOutcome.None;

    /// <summary>The destination's step that an answer leads to.</summary>
    public static bool ToCommand(PullAnswer answer, ShardMove move, out HandoffCommand command)
    {
        command = new HandoffCommand
        {
            Kind = answer.Kind switch
            {
                PullKind.Begin => HandoffKind.ImportBegin,
                PullKind.Chunk => HandoffKind.ImportChunk,
                PullKind.Delta when answer.To > answer.From => HandoffKind.ImportDelta,
                PullKind.Frozen => HandoffKind.Activate,
                PullKind.Aborted => HandoffKind.ImportCancel,
                _ => HandoffKind.None,
            },
            Move = move, Attempt = answer.Attempt, Start = answer.Start, Revision = answer.Revision, Number = answer.Number,
            IsLast = answer.IsLast, Position = answer.Position.Span, From = answer.From, To = answer.To,
            FreezeIndex = answer.FreezeIndex, TimeMs = answer.TimeMs, Seal = answer.Seal, Content = answer.Content.Span,
        };
        return command.Kind != HandoffKind.None;
    }

    /// <summary>Begins, and copies until only operations are left to come.</summary>
    public void Copy(int attempt = 1)
    {
        if (Status(Source).Attempt < attempt) Assert.Equal(HandoffOutcome.Done, Source.Step(Command(HandoffKind.ExportBegin, attempt)));
        for (int i = 0; Status(Destination) is not { Stage: ImportStage.CatchingUp } status || status.Attempt != attempt; i++)
        {
            Assert.Equal(HandoffOutcome.Done, PullAndStep());
            Assert.InRange(i, 0, 10_000);
        }
    }

    /// <summary>Freezes, and lets the destination serve.</summary>
    public void Finish()
    {
        if (Status(Source).Phase == ShardPhase.Exporting)
            Assert.Equal(HandoffOutcome.Done, Source.Step(Command(HandoffKind.Freeze, Status(Source).Attempt)));
        for (int i = 0; Status(Destination).Phase != ShardPhase.Serving; i++)
        {
            Assert.Equal(HandoffOutcome.Done, PullAndStep());
            Assert.InRange(i, 0, 10_000);
        }
    }
}
