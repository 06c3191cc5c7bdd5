using Quorleans.MapReduce.Jobs;

namespace Quorleans.Jobs.Tests.Simulation;

/// <summary>What must hold of every history, whatever went wrong in it.</summary>
internal static class Invariants
{
    public static void Check(World world)
    {
        foreach (ClientProcess client in world.Clients) Check(world, client.Job);
        Assert.Empty(world.Files.StagingFolders);
        Assert.True(world.Store.IsSwept, "something of an ended job is left in the store");
    }

    /// <summary>Nothing but coordinators failed: what a tracker had finished was not done again.</summary>
    public static void NothingWasRepeated(World world)
    {
        foreach (((string job, TaskId task), int count) in world.Successes) Assert.True(count == 1, $"{job}/{task} was done {count} times");
    }

    private static void Check(World world, SimulatedJob job)
    {
        IReadOnlyList<JobEvent> history = world.Store.HistoryOf(job.Spec.Id);
        Dictionary<TaskId, AttemptId> winners = [];
        Dictionary<TaskId, int> failures = [];
        JobEventKind? end = null;
        foreach (JobEvent e in history)
        {
            Assert.True(end is null, $"{job.Spec.Id}: {e.Kind} after {end}");
            switch (e.Kind)
            {
                case JobEventKind.PlanWon or JobEventKind.MapWon or JobEventKind.ReduceWon:
                    AttemptKey key = e.Outcome!.Key;
                    Assert.True(winners.TryAdd(key.Task, key.Attempt), $"{key.Job}/{key.Task} has a second winner, {key.Attempt}");
                    Assert.False(world.LeaseLost.Contains(key), $"{key} won without a lease");
                    break;
                case JobEventKind.MapsLost:
                    int step = winners.Keys.Max(static task => task.Step);
                    foreach (LostMap lost in e.Lost)
                        if (winners.TryGetValue(new TaskId(step, TaskKind.Map, lost.Map), out AttemptId attempt) && attempt == lost.Attempt) winners.Remove(new TaskId(step, TaskKind.Map, lost.Map));
                    break;
                case JobEventKind.TaskFailed:
                    TaskId failed = e.Outcome!.Key.Task;
                    failures[failed] = failures.GetValueOrDefault(failed) + 1;
                    Assert.True(failures[failed] <= job.Spec.MaxAttempts + job.Spec.MaxBadRecords, $"{failed} failed {failures[failed]} times");
                    break;
                case JobEventKind.Published or JobEventKind.Failed or JobEventKind.Cancelled:
                    end = e.Kind;
                    break;
            }
        }

        Assert.NotNull(end);
        Assert.Equal(JobState.PhaseOf(end.Value), world.Store.IndexOf(job.Spec.Id)!.View.Phase);
        var published = world.Files.Published.FindAll(one => one.Job == job.Spec.Id);
        Assert.Equal(end == JobEventKind.Published ? 1 : 0, published.Count);
        if (end != JobEventKind.Published) return;
        string[] expected = [.. Enumerable.Range(0, job.Reducers).Select(i => new TaskId(job.Steps - 1, TaskKind.Reduce, i)).Select(task => $"{task}-{winners[task]}")];
        Assert.Equal(expected, published[0].Files);

        // What user code counted is exact: one for each task of the last step, however often it ran.
        JobView view = world.Store.IndexOf(job.Spec.Id)!.View;
        Assert.Equal([new("done", job.Maps + job.Reducers)], view.Counters);
        Assert.InRange(view.BadRecords, 0, job.Spec.MaxBadRecords);
    }
}
