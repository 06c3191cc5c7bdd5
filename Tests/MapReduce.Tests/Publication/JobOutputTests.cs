using System.Text;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.MapReduce.Tests.Publication;

public sealed class JobOutputTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("quorleans-mr-").FullName;

    private string Output => Path.Combine(_root, "out");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Published_HasTheWinners_TheReport_AndSuccess(bool canLink)
    {
        JobSpec spec = Begin();
        string[] winners = Winners(spec, 3);
        JobOutput publisher = new((from, to) => canLink && Posix.TryLink(from, to), static _ => { });
        Assert.Equal(JobPublication.Published, publisher.Publish(spec, 1, winners, Report(spec, 1), CancellationToken.None));
        AssertPublished(spec, 3);
        Assert.Equal(JobPublication.AlreadyPublished, publisher.Publish(spec, 1, winners, Report(spec, 1), CancellationToken.None));
        publisher.Remove(spec);
        publisher.Remove(spec);
        Assert.Equal([Output], Directory.EnumerateFileSystemEntries(_root));
        AssertPublished(spec, 3);
    }

    [Fact]
    public void ExistingOutput_IsRefused_AtTheBeginning_AndAtTheEnd()
    {
        Directory.CreateDirectory(Output);
        JobSpec spec = Spec();
        Assert.Contains("exists", Assert.Throws<MapReduceException>(() => JobOutput.Begin(spec)).Message);
        Assert.False(Directory.Exists(JobPaths.Staging(spec)));
        Directory.Delete(Output);
        JobOutput.Begin(spec);
        Directory.CreateDirectory(Output);
        MapReduceException e = Assert.Throws<MapReduceException>(() => new JobOutput().Publish(spec, 1, Winners(spec, 1), Report(spec, 1), CancellationToken.None));
        Assert.Equal(JobFailure.Output, e.Failure);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Output));

        // A file in the way is as bad.
        Directory.Delete(Output);
        File.WriteAllText(Output, "mine");
        Assert.Throws<MapReduceException>(() => new JobOutput().Publish(spec, 1, Winners(spec, 1), Report(spec, 1), CancellationToken.None));
        Assert.Throws<MapReduceException>(() => JobOutput.Begin(spec));
        Assert.Equal("mine", File.ReadAllText(Output));
    }

    [Fact]
    public void Overwriting_ReplacesAll_InOneStep()
    {
        Directory.CreateDirectory(Output);
        File.WriteAllText(Path.Combine(Output, "old"), "old");
        JobSpec spec = Begin(Spec() with { Overwrite = true });
        JobOutput publisher = new();
        Assert.Equal(JobPublication.Published, publisher.Publish(spec, 1, Winners(spec, 2), Report(spec, 1), CancellationToken.None));
        AssertPublished(spec, 2);
        publisher.Remove(spec);
        Assert.Equal([Output], Directory.EnumerateFileSystemEntries(_root));
    }

    [Fact]
    public void ParentThatCannotBeWritten_FailsClearly()
    {
        File.WriteAllText(Path.Combine(_root, "file"), "");
        JobSpec spec = Spec() with { Output = Path.Combine(_root, "file", "out") };
        MapReduceException e = Assert.Throws<MapReduceException>(() => JobOutput.Begin(spec));
        Assert.Equal((JobFailure.Output, true), (e.Failure, e.Message.Contains(spec.Output, StringComparison.Ordinal)));
        Assert.Throws<MapReduceException>(() => JobOutput.Begin(Spec() with { Output = "relative" }));
        Assert.Throws<MapReduceException>(() => JobOutput.Begin(Spec() with { Output = "/" }));
    }

    [Fact]
    public void WinnerThatIsGone_PublishesNothing()
    {
        JobSpec spec = Begin();
        string[] winners = Winners(spec, 2);
        File.Delete(winners[1]);
        MapReduceException e = Assert.Throws<MapReduceException>(() => new JobOutput().Publish(spec, 1, winners, Report(spec, 1), CancellationToken.None));
        Assert.Contains(Output, e.Message);
        Assert.False(Path.Exists(Output));
    }

    [Fact]
    public void Cancelled_PublishesNothing_AndMayBeRepeated()
    {
        JobSpec spec = Begin();
        string[] winners = Winners(spec, 2);
        using CancellationTokenSource cancelled = new();
        JobOutput publisher = new(Posix.TryLink, step =>
        {
            if (step == "report") cancelled.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => publisher.Publish(spec, 1, winners, Report(spec, 1), cancelled.Token));
        Assert.False(Path.Exists(Output));
        Assert.Equal(JobPublication.Published, new JobOutput().Publish(spec, 1, winners, Report(spec, 1), CancellationToken.None));
        AssertPublished(spec, 2);
    }

    [Fact]
    public void ReportOfAnotherJob_IsRefused()
    {
        JobSpec spec = Begin();
        Assert.Throws<ArgumentException>(() => new JobOutput().Publish(spec, 1, Winners(spec, 1), Report(spec with { Id = "other" }, 1), CancellationToken.None));
        Assert.Throws<ArgumentException>(() => new JobOutput().Publish(spec, 1, Winners(spec, 1), "{}"u8.ToArray(), CancellationToken.None));
    }

    [Fact]
    public void GenerationThatWasTakenAway_CanNeverPublish()
    {
        JobSpec spec = Begin();
        JobOutput publisher = new();
        Assert.False(publisher.TakeAway(spec, 1));
        Assert.False(publisher.TakeAway(spec, 1));
        Assert.Equal(JobPublication.TakenAway, publisher.Publish(spec, 1, Winners(spec, 1), Report(spec, 1), CancellationToken.None));
        Assert.False(Path.Exists(Output));
        Assert.Equal(JobPublication.Published, publisher.Publish(spec, 2, Winners(spec, 1), Report(spec, 2), CancellationToken.None));
        Assert.True(publisher.TakeAway(spec, 1));
        Assert.True(publisher.TakeAway(spec, 2));
        publisher.Remove(spec);
        Assert.Equal(JobPublication.AlreadyPublished, publisher.Publish(spec, 1, [], Report(spec, 1), CancellationToken.None));
        Assert.True(publisher.TakeAway(spec, 1));
    }

    [Fact]
    public void RemovedJob_CannotBePublished_EvenIfNothingOfItWasTakenAway()
    {
        JobSpec spec = Begin();
        string[] winners = Winners(spec, 1);
        new JobOutput().Remove(spec);
        Assert.Equal(JobPublication.TakenAway, new JobOutput().Publish(spec, 1, winners, Report(spec, 1), CancellationToken.None));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_root));
    }

    // Generation 1 publishes and its coordinator dies before it says so; meanwhile somebody else may do what he likes with the output.
    [Theory]
    [InlineData("overwritten", false)]
    [InlineData("overwritten", true)]
    [InlineData("removed", false)]
    [InlineData("removed", true)]
    [InlineData("untouched", true)]
    public void GenerationThatPublished_IsKnownToHave_WhateverBecameOfItsOutput(string what, bool hadOutput)
    {
        if (hadOutput)
        {
            Directory.CreateDirectory(Output);
            File.WriteAllText(Path.Combine(Output, "old"), "old");
        }

        JobSpec spec = Begin(Spec() with { Overwrite = true }), other = Spec() with { Id = "20261125-2", Overwrite = true };
        JobOutput publisher = new();
        Assert.Equal(JobPublication.Published, publisher.Publish(spec, 1, Winners(spec, 1), Report(spec, 1), CancellationToken.None));
        if (what == "removed") Directory.Delete(Output, recursive: true);
        if (what == "overwritten")
        {
            Begin(other);
            Assert.Equal(JobPublication.Published, publisher.Publish(other, 1, Winners(other, 2), Report(other, 1), CancellationToken.None));
            publisher.Remove(other);
        }

        // As often as it is asked: the second coordinator may be lost, too.
        Assert.True(publisher.TakeAway(spec, 1));
        Assert.True(publisher.TakeAway(spec, 1));
        Assert.Equal(JobPublication.AlreadyPublished, publisher.Publish(spec, 1, Winners(spec, 1), Report(spec, 1), CancellationToken.None));
        publisher.Remove(spec);
        Assert.Equal(what == "removed" ? [] : [Output], Directory.EnumerateFileSystemEntries(_root));
        if (what != "removed") AssertPublished(what == "overwritten" ? other : spec, what == "overwritten" ? 2 : 1);
    }

    [Fact]
    public void GenerationThatCouldNotPublish_IsKnownNotToHave_AlsoWhenItTriesAgain()
    {
        JobSpec spec = Begin();
        Directory.CreateDirectory(Output);
        Assert.Throws<MapReduceException>(() => new JobOutput().Publish(spec, 1, Winners(spec, 1), Report(spec, 1), CancellationToken.None));

        // It dies while it builds its folder again.
        JobOutput dying = new(static (_, _) => throw new IOException("the process ends here"), static _ => { });
        Assert.Throws<MapReduceException>(() => dying.Publish(spec, 1, Winners(spec, 1), Report(spec, 1), CancellationToken.None));
        Directory.Delete(JobPaths.Content(spec, 1), recursive: true);
        Assert.False(new JobOutput().TakeAway(spec, 1));
        Directory.Delete(Output);
        Assert.Equal(JobPublication.Published, new JobOutput().Publish(spec, 2, Winners(spec, 1), Report(spec, 2), CancellationToken.None));
        AssertPublished(spec, 1);
    }

    // 0 is the coordinator of generation 1, which may be paused anywhere; 1 takes over: publishes, or cancels the job.
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void TwoGenerations_PublishOnce_HoweverTheirStepsInterleave(bool overwrite, bool cancels)
    {
        HashSet<string> seen = [];
        int published1 = 0, published2 = 0, cancelled = 0;
        foreach (Func<int, int> schedule in Schedules())
        {
            if (Directory.Exists(Output)) Directory.Delete(Output, recursive: true);
            if (overwrite)
            {
                Directory.CreateDirectory(Output);
                File.WriteAllText(Path.Combine(Output, "old"), "old");
            }

            JobSpec spec = Begin(Spec() with { Overwrite = overwrite });
            string[] winners = Winners(spec, 2);
            JobPublication? first = null;
            JobPublication? second = null;
            bool wasThere = false;
            Interleaving run = new(schedule);
            run.Run(
                step => first = new JobOutput(Posix.TryLink, step).Publish(spec, 1, winners, Report(spec, 1), CancellationToken.None),
                step =>
                {
                    JobOutput later = new(Posix.TryLink, step);
                    wasThere = later.TakeAway(spec, 1);
                    if (!wasThere && !cancels) second = later.Publish(spec, 2, winners, Report(spec, 2), CancellationToken.None);
                    later.Remove(spec);
                });
            seen.Add(run.Trace);

            // Who takes over must know what happened.
            if (wasThere)
            {
                Assert.True(first is JobPublication.Published, $"{run.Trace}: {first}");
                published1++;
            }
            else if (cancels)
            {
                Assert.True(first is JobPublication.TakenAway, $"{run.Trace}: {first}");
                cancelled++;
            }
            else
            {
                Assert.True(second is JobPublication.Published && first is JobPublication.TakenAway or JobPublication.AlreadyPublished, $"{run.Trace}: {first} {second}");
                published2++;
            }

            if (cancels && !wasThere)
            {
                Assert.True(overwrite ? File.Exists(Path.Combine(Output, "old")) : !Path.Exists(Output), run.Trace);
                Assert.True(Directory.EnumerateFileSystemEntries(_root).All(path => path == Output), run.Trace);
            }
            else
            {
                AssertPublished(spec, 2);
                Assert.Contains(wasThere ? "g1" : "g2", File.ReadAllText(Path.Combine(Output, JobReport.FileName)));
                Assert.Equal([Output], Directory.EnumerateFileSystemEntries(_root));
            }
        }

        output.WriteLine($"{seen.Count} schedules: {published1} published by the first, {published2} by the second, {cancelled} by nobody");
        Assert.True(published1 > 0 && published2 + cancelled > 0, $"{published1} {published2} {cancelled}");
    }

    /// <summary>All there are: each run takes another way at the last place where there was a choice that was not tried yet.</summary>
    private static IEnumerable<Func<int, int>> Schedules()
    {
        List<(int Choice, int Of)> taken = [];
        do
        {
            int at = 0;
            yield return left =>
            {
                if (at == taken.Count) taken.Add((0, left));
                return taken[at++].Choice;
            };
            while (taken is [.., var (choice, of)] && choice + 1 == of) taken.RemoveAt(taken.Count - 1);
            if (taken.Count > 0) taken[^1] = (taken[^1].Choice + 1, taken[^1].Of);
        }
        while (taken.Count > 0);
    }

    private JobSpec Spec() => new() { Id = "20261125-1", Application = "wordcount", Inputs = [], Output = Output, Durable = false };

    private JobSpec Begin(JobSpec? spec = null)
    {
        spec ??= Spec();
        JobOutput.Begin(spec);
        return spec;
    }

    private static string[] Winners(JobSpec spec, int count) => [.. Enumerable.Range(0, count).Select(i =>
    {
        string path = JobPaths.Reduce(spec, 0, i, new AttemptId(1, i + 1));
        File.WriteAllText(path, $"output {i}");
        return path;
    })];

    private static byte[] Report(JobSpec spec, int generation) =>
        Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(JobReport.ToJson([], spec.Id)).Replace("\"jobs\"", $"\"by\": \"g{generation}\", \"jobs\"", StringComparison.Ordinal));

    private void AssertPublished(JobSpec spec, int outputs)
    {
        string[] expected = [.. Enumerable.Range(0, outputs).Select(JobPaths.OutputName), JobReport.FileName, "_SUCCESS"];
        Assert.Equal(expected.Order(StringComparer.Ordinal), Directory.EnumerateFileSystemEntries(Output).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        for (int i = 0; i < outputs; i++) Assert.Equal($"output {i}", File.ReadAllText(Path.Combine(Output, JobPaths.OutputName(i))));
        Assert.Equal(spec.Id, JobReport.IdOf(File.ReadAllBytes(Path.Combine(Output, JobReport.FileName))));
    }
}
