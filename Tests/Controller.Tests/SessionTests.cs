namespace Quorleans.KeyValue.Controller.Tests;

/// <summary>Commands happen exactly once, by the store's rules (C4).</summary>
public sealed class SessionTests
{
    private readonly TestController _controller = TestController.Cluster(shards: 4, ControllerLimits.Default with { MaxSessions = 4, MaxSessionResults = 3 });

    [Fact]
    public void ARetry_GetsTheFirstAnswer_AndMakesNoConfiguration()
    {
        Assert.Equal(new ControllerResult(ControllerStatus.Ok, 2), _controller.Send(Of(5, 1), Join(2)));
        _controller.Send(Of(6, 1), Join(3));
        Assert.Equal(new ControllerResult(ControllerStatus.Ok, 2), _controller.Send(Of(5, 1), Join(2)));
        Assert.Equal(3, _controller.Map.Number);
    }

    [Fact]
    public void ARetryOfARefusedCommand_IsRefusedAgain_EvenWhenItCouldBeDoneNow()
    {
        Assert.Equal(ControllerStatus.UnknownGroup, _controller.Send(Of(5, 1), new MoveCommand(new ShardId(0), 2)).Status);
        _controller.Send(Of(6, 1), Join(2));
        Assert.Equal(ControllerStatus.UnknownGroup, _controller.Send(Of(5, 1), new MoveCommand(new ShardId(0), 2)).Status);
    }

    [Fact]
    public void AMove_RetriedAfterAnotherClientsMove_DoesNotUndoIt()
    {
        _controller.Send(Of(5, 1), Join(2));
        _controller.Send(Of(5, 2), new MoveCommand(new ShardId(0), 2));
        _controller.Send(Of(6, 1), new MoveCommand(new ShardId(0), 1));
        _controller.Send(Of(5, 2), new MoveCommand(new ShardId(0), 2));
        Assert.Equal(1, _controller.Query().Shards[0]);
    }

    [Fact]
    public void CommandsOutOfSequence_AreEachDoneOnce()
    {
        Assert.Equal(2, _controller.Send(Of(5, 3), Join(2)).Number);
        Assert.Equal(3, _controller.Send(Of(5, 1), Join(3)).Number);
        Assert.Equal(2, _controller.Send(Of(5, 3), Join(2)).Number);
        Assert.Equal(3, _controller.Send(Of(5, 1), Join(3)).Number);
    }

    [Fact]
    public void AnAcknowledgedCommand_IsStale()
    {
        _controller.Send(Of(5, 1), Join(2));
        _controller.Send(Of(5, 2) with { Floor = 1 }, Join(3));
        Assert.Equal(ControllerStatus.Stale, _controller.Send(Of(5, 1), Join(2)).Status);
    }

    [Fact]
    public void ACommandPastItsDeadline_IsNotDone_ButARetryOfADoneOneIsAnswered()
    {
        CommandSession done = Of(5, 1) with { DeadlineMs = 2000 };
        _controller.Send(done, Join(2));
        _controller.Now = 2001;
        Assert.Equal(ControllerStatus.DeadlinePassed, _controller.Send(Of(5, 2) with { DeadlineMs = 2000 }, Join(3)).Status);
        Assert.Null(_controller.Map.Find(3));
        Assert.Equal(new ControllerResult(ControllerStatus.Ok, 2), _controller.Send(done, Join(2)));
        _controller.Now = 2000 + 60_001;
        Assert.Equal(ControllerStatus.Stale, _controller.Send(Of(7, 1) with { DeadlineMs = 2000 }, Join(3)).Status);
        Assert.Null(_controller.Map.Find(3));
    }

    [Fact]
    public void TooManyResultsOrSessions_AreBusy_WithoutConsumingTheSequence()
    {
        for (int i = 1; i <= 3; i++) _controller.Send(Of(5, i), new RebalanceCommand());
        Assert.Equal(ControllerStatus.Busy, _controller.Send(Of(5, 4), Join(2)).Status);
        Assert.Equal(ControllerStatus.Ok, _controller.Send(Of(5, 4) with { Floor = 1 }, Join(2)).Status);
        for (int client = 6; client <= 8; client++) _controller.Send(Of(client, 1) with { DeadlineMs = 5000 }, new RebalanceCommand());
        Assert.Equal(ControllerStatus.Busy, _controller.Send(Of(9, 1), Join(3)).Status);
        _controller.Now = 100_000;
        _controller.Send(Of(5, 5) with { Floor = 4 }, new RebalanceCommand());
        Assert.Equal(ControllerStatus.Ok, _controller.Send(Of(9, 1), Join(3)).Status);
    }

    [Fact]
    public void OldResultsAndSessions_AreSweptAway_OthersStay()
    {
        _controller.Send(Of(5, 1) with { DeadlineMs = 2000 }, new RebalanceCommand());
        _controller.Send(Of(6, 1) with { DeadlineMs = 2000 }, new RebalanceCommand());
        _controller.Send(Of(6, 2), new RebalanceCommand());
        _controller.Now = 200_000;
        _controller.Report(new GroupActiveCommand(1, 1));
        (ClientId client, ControllerSession session) = Assert.Single(_controller.Machine.State.Sessions);
        Assert.Equal(new ClientId(6), client);
        Assert.Equal(2, Assert.Single(session.Results).Sequence);
    }

    [Fact]
    public void Sessions_AreInTheSnapshot()
    {
        _controller.Send(Of(5, 1), Join(2));
        _controller.Stop(1);
        _controller.Start(1, fromSnapshot: true);
        _controller.Stop(0);
        _controller.Stop(2);
        Assert.Equal(new ControllerResult(ControllerStatus.Ok, 2), _controller.Send(Of(5, 1), Join(2)));
    }

    private static CommandSession Of(int client, long sequence) => new(new ClientId((UInt128)client), sequence);

    private static JoinCommand Join(int gid) => ControllerCommand.Join(TestController.Group(gid, "n1", "n2"));
}
