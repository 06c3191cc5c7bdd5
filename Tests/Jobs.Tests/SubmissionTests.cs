using Quorleans.MapReduce.Jobs;

namespace Quorleans.Jobs.Tests;

/// <summary>Which jobs are taken, and what is said of the others.</summary>
public sealed class SubmissionTests
{
    private static readonly JobSpec Good = new() { Id = "20261125-1", Application = "wordcount", Inputs = ["/data/in"], Output = "/data/out" };

    public static TheoryData<string, JobSpec> Bad => new()
    {
        { "must be 1 to 64 letters", Good with { Id = "" } },
        { "must be 1 to 64 letters", Good with { Id = "a/../b" } },
        { "must be 1 to 64 letters", Good with { Id = new string('a', 65) } },
        { "names no application", Good with { Application = " " } },
        { "has no input", Good with { Inputs = [] } },
        { "An input's name is empty", Good with { Inputs = ["/in", ""] } },
        { "in.txt is not a full path", Good with { Inputs = ["in.txt"] } },
        { "out is not a full path", Good with { Output = "out" } },
        { "not in plain form: /data/out is", Good with { Output = "/data/x/../out" } },
        { "not in plain form: /data/out is", Good with { Output = "/data/out/" } },
        { "cannot be an output folder", Good with { Output = "/" } },
        { "zero character", Good with { Output = "/data/o\0ut" } },
        { "number of reducers is 0", Good with { Reducers = 0 } },
        { "number of reducers is 10001", Good with { Reducers = 10_001 } },
        { "memory of a task in bytes is 5", Good with { MemoryBytes = 5 } },
        { "size of a split in bytes is 10", Good with { SplitBytes = 10 } },
        { "longest record in bytes is 0", Good with { MaxRecordBytes = 0 } },
        { "number of bad records is -1", Good with { MaxBadRecords = -1 } },
        { "number of attempts is 0", Good with { MaxAttempts = 0 } },
        { "time of an attempt without progress in seconds is 0", Good with { TaskTimeoutSeconds = 0 } },
        { "at most 65536 are allowed", Good with { Inputs = [.. Enumerable.Range(0, 5000).Select(static i => $"/data/in/some-file-{i}")] } },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void BadJob_IsRefused_AndItsProblemIsNamed(string problem, JobSpec spec) => Assert.Contains(problem, JobRules.Problem(spec), StringComparison.Ordinal);

    [Theory]
    [InlineData("/data/*.txt")]
    [InlineData("kv:user/")]
    [InlineData("kv:")]
    public void GoodJob_IsTaken(string input) => Assert.Null(JobRules.Problem(Good with { Inputs = [input] }));

    [Fact]
    public void SameJobAgain_IsHarmless_AnotherOneOfItsIdIsRefused()
    {
        CoreDriver driver = new CoreDriver().Submit(Good);
        Assert.Null(driver.Core.Submit(Good with { SubmittedMs = 99 }, CoreDriver.Secret, driver.NowMs));
        Assert.Contains("another one", driver.Core.Submit(Good with { Reducers = 3 }, CoreDriver.Secret, driver.NowMs), StringComparison.Ordinal);
        Assert.Single(driver.Journal);
        driver.Core.Cancel(Good.Id, driver.NowMs);
        driver.Tick();
        Assert.Null(driver.Core.Submit(Good, CoreDriver.Secret, driver.NowMs));
        Assert.Equal(JobPhase.Cancelled, driver.View(Good.Id).Phase);
    }

    [Fact]
    public void OutputOfAJobThatIsBeingTakenOver_IsRefused()
    {
        CoordinatorCore core = new(new CoordinatorOptions(), "c2");
        core.Start([new JobIndexEntry { View = new CoreDriver().Submit(CoreDriver.Spec("a", output: "/out")).View("a") }], 1_000_000);
        Assert.True(core.IsLoading("a"));
        Assert.Contains("Job a is to write /out", core.Submit(CoreDriver.Spec("b", output: "/out") with { Overwrite = true }, CoreDriver.Secret, 1_000_000), StringComparison.Ordinal);
    }

    [Fact]
    public void OutputOfARunningJob_IsRefused()
    {
        CoreDriver driver = new CoreDriver().Submit(CoreDriver.Spec("a", output: "/out"));
        Assert.Contains("Job a is to write /out", driver.Core.Submit(CoreDriver.Spec("b", output: "/out"), CoreDriver.Secret, driver.NowMs), StringComparison.Ordinal);
    }

    [Fact]
    public void JobOverTheLimit_IsRefused_UntilAnotherHasEnded()
    {
        CoreDriver driver = new CoreDriver(new CoordinatorOptions { MaxRunningJobs = 2 }).Submit(CoreDriver.Spec("a")).Submit(CoreDriver.Spec("b"));
        Assert.Contains("2 jobs run", driver.Core.Submit(CoreDriver.Spec("c"), CoreDriver.Secret, driver.NowMs), StringComparison.Ordinal);
        driver.Core.Cancel("a", driver.NowMs);
        driver.Tick();
        Assert.Null(driver.Core.Submit(CoreDriver.Spec("c"), CoreDriver.Secret, driver.NowMs));
    }

    [Fact]
    public void UnknownJob_CannotBeCancelled() => Assert.Equal("There is no job x.", new CoreDriver().Core.Cancel("x", 1));
}
