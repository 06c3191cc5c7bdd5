using Quorleans.Jobs.Tests.Simulation;
using Quorleans.MapReduce.Jobs;

namespace Quorleans.Jobs.Tests;

/// <summary>Whole histories of jobs in virtual time, by seed. A failure names its seed and its case.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    [Fact]
    public void EveryTask_IsBegunOnce_WhenNothingFails()
    {
        for (int seed = 1; seed <= 50; seed++)
        {
            World world = Run(new WorldOptions { Seed = seed, Jobs = 3, FaultsUntilMs = 0 });
            Assert.All(world.Begun, static begun => Assert.Equal(1, begun.Value));
            Assert.All(world.Clients, client => Assert.Equal(JobPhase.Done, world.Store.IndexOf(client.Job.Spec.Id)!.View.Phase));
        }
    }

    [Fact]
    public void NothingIsDoneTwice_WhenCoordinatorsDieOrArePaused()
    {
        int takeOvers = 0;
        for (int seed = 1; seed <= 100; seed++)
        {
            World world = Run(new WorldOptions { Seed = seed, CoordinatorDies = 15, CoordinatorPauses = 15, StoreFaults = 50 });
            Invariants.NothingWasRepeated(world);
            Assert.All(world.Clients, client => Assert.Equal(JobPhase.Done, world.Store.IndexOf(client.Job.Spec.Id)!.View.Phase));
            takeOvers += world.TakeOvers;
        }

        output.WriteLine($"{takeOvers} take-overs");
        Assert.True(takeOvers > 100, $"{takeOvers} take-overs are no test");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void JobEndsOnce_WhateverStepTheCoordinatorIsLostAt(bool dies)
    {
        WorldOptions options = new() { Seed = 7, Jobs = 1 };
        int steps = Run(options).Steps;
        Assert.True(steps > 20, $"{steps} steps are no test");
        for (int step = 1; step <= steps; step++)
        {
            World world = Run(options with { FaultAtStep = step, CoordinatorDies = dies ? 1 : 0 });
            Assert.Equal(1, world.TakeOvers);
            Invariants.NothingWasRepeated(world);
        }

        output.WriteLine($"{steps} steps");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CancelledJob_PublishesBeforeOrNever_WhateverStepTheCoordinatorIsLostAt(bool dies)
    {
        for (int seed = 1; seed <= 6; seed++)
        {
            WorldOptions options = new() { Seed = seed, Jobs = 1, Cancels = 100, FaultsUntilMs = 45_000 };
            int steps = Run(options).Steps;
            for (int step = 1; step <= steps; step++) Run(options with { FaultAtStep = step, CoordinatorDies = dies ? 1 : 0 });
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void JobCancelledInItsCommit_IsPublishedAndDone_OrNeither_WhateverStepTheCoordinatorIsLostAt(bool dies)
    {
        Dictionary<JobPhase, int> ends = [];
        for (int seed = 1; seed <= 10; seed++)
        {
            WorldOptions options = new() { Seed = seed, Jobs = 1, CancelsInCommit = true };
            int steps = Run(options).Steps;
            for (int step = 1; step <= steps; step++)
            {
                JobPhase end = Run(options with { FaultAtStep = step, CoordinatorDies = dies ? 1 : 0 }).Store.IndexOf("job-00")!.View.Phase;
                ends[end] = ends.GetValueOrDefault(end) + 1;
            }
        }

        output.WriteLine(string.Join(", ", ends.Select(static end => $"{end.Value} {end.Key}")));
        Assert.All([JobPhase.Done, JobPhase.Cancelled], end => Assert.True(ends.GetValueOrDefault(end) > 5, $"{ends.GetValueOrDefault(end)} jobs ended as {end}: no test"));
    }

    [Fact]
    public void EveryJobEnds_WhenTrackersDieAndArePaused()
    {
        for (int seed = 1; seed <= 100; seed++)
        {
            World world = Run(new WorldOptions { Seed = seed, TrackerDies = 50, TrackerPauses = 80, NetworkFaults = 30 });
            Assert.All(world.Clients, client => Assert.Equal(JobPhase.Done, world.Store.IndexOf(client.Job.Spec.Id)!.View.Phase));
        }
    }

    [Fact]
    public void EveryJobEnds_WhenEverythingGoesWrong()
    {
        Dictionary<JobPhase, int> ends = [];
        int takeOvers = 0;
        for (int seed = 1; seed <= 300; seed++)
        {
            World world = Run(new WorldOptions
            {
                Seed = seed, Jobs = 3, CoordinatorDies = 5, CoordinatorPauses = 5, TrackerDies = 20, TrackerPauses = 30, NetworkFaults = 30, StoreFaults = 50, AttemptFails = seed % 4 == 0 ? 400 : 100,
                Cancels = 20, Stragglers = 5,
            });
            takeOvers += world.TakeOvers;
            foreach (ClientProcess client in world.Clients)
            {
                JobPhase end = world.Store.IndexOf(client.Job.Spec.Id)!.View.Phase;
                ends[end] = ends.GetValueOrDefault(end) + 1;
            }
        }

        output.WriteLine($"{takeOvers} take-overs; {string.Join(", ", ends.Select(static end => $"{end.Value} {end.Key}"))}");
        Assert.All([JobPhase.Done, JobPhase.Failed, JobPhase.Cancelled], end => Assert.True(ends.GetValueOrDefault(end) > 5, $"{ends.GetValueOrDefault(end)} jobs ended as {end}: no test"));
    }

    private static World Run(WorldOptions options)
    {
        World world = new(options);
        try
        {
            world.Run();
            Invariants.Check(world);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{options}: {e.Message}", e);
        }

        return world;
    }
}
