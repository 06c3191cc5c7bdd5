using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.MapReduce.Tests.Tasks;

public sealed class TaskRunnerTests : IDisposable
{
    private static readonly string TopWords = typeof(Samples.TopWords.TopWords).Assembly.Location;
    private readonly JobFolder _folder = new();

    public static TheoryData<string, string, int> Jobs
    {
        get
        {
            TheoryData<string, string, int> jobs = [];
            foreach (int machines in (int[])[1, 3])
            {
                foreach (string app in (string[])["wordcount", "index", "grep pattern=an", "sort record=100,key=0:10", TopWords]) jobs.Add(app.Split(' ')[0], app.Contains(' ') ? app.Split(' ')[1] : "", machines);
            }

            return jobs;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Jobs))]
    public void Tasks_MakeWhatTheLocalRunnerMakes_ByteForByte(string application, string arguments, int machines)
    {
        (string, string)[] given = [.. arguments.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(static a => (a.Split('=')[0], a.Split('=')[1]))];
        if (application == "sort") _folder.Add("data", RandomBytes(3000 * 100));
        else for (int i = 0; i < 8; i++) _folder.Add($"pg-{i}.txt", Corpus.Text(i, i * 20_000));
        JobFolder.Run(_folder.Request(ApplicationLoader.Load(application), given) with { Reducers = 7 });
        byte[][] expected = [.. _folder.OutputFiles().Select(File.ReadAllBytes)];
        Directory.Delete(_folder.Output, recursive: true);

        // Little memory, so that there are many runs; small splits, so that there are many tasks.
        JobSpec spec = TaskDriver.SpecOf(_folder, application, given) with { Reducers = 7, MemoryBytes = 1 << 16, SplitBytes = 30_000 };
        using TaskDriver driver = new(_folder, spec, machines);
        driver.RunToEnd();

        Assert.Equal(expected, _folder.OutputFiles().Select(File.ReadAllBytes));
        _folder.AssertOnlyOutputIsLeft();
    }

    [Fact]
    public void Outcomes_SayWhatWasDone()
    {
        _folder.Add("a", "one two two\n");
        using TaskDriver driver = Driver("wordcount", spec => spec with { Reducers = 1 });
        PlanOutcome plan = driver.Plan();
        Assert.Equal((1, "wordcount", 1, 1, 1, 12L), (plan.Steps, plan.Name, plan.Maps, plan.Reducers, plan.InputFiles, plan.InputBytes));
        TaskOutcome map = TaskDriver.Done(driver.RunMap(0, plan.File, 0));
        Assert.Equal((12L, 3L, 0L), (map.Map!.InputBytes, map.Map.Pairs, map.Map.BadRecords));
        Assert.True(map.Map.SpilledBytes > 0);
        driver.Map(0, plan);
        ReduceOutcome reduce = TaskDriver.Done(driver.Reduce(0, plan, 0)).Reduce!;
        // The mapper has added up the two of a kind already.
        Assert.Equal((2L, 2L, 12L, 2L), (reduce.Groups, reduce.Records, reduce.Bytes, reduce.Pairs));
        Assert.Equal("one 1\ntwo 2\n", File.ReadAllText(reduce.File));
    }

    [Fact]
    public void EmptyInput_PlansNoMaps_AndReducesToEmptyFiles()
    {
        _folder.Add("empty", "");
        using TaskDriver driver = Driver("wordcount", spec => spec with { Reducers = 2 });
        Assert.Equal(0, driver.Plan().Maps);
        driver.RunToEnd();
        Assert.Equal([0, 0], _folder.OutputFiles().Select(static file => new FileInfo(file).Length));
    }

    [Theory]
    [InlineData("nothing", "", "no application 'nothing'")]
    [InlineData("/no/such.dll", "", "does not exist")]
    [InlineData("wordcount", "misspelt=1", "knows no argument misspelt")]
    [InlineData("grep", "", "needs the argument pattern")]
    public void WrongApplication_OrArgument_EndsTheJob(string application, string argument, string expected)
    {
        _folder.Add("a", "x");
        using TaskDriver driver = Driver(application, spec => spec with { Arguments = argument.Length == 0 ? [] : [KeyValuePair.Create(argument.Split('=')[0], argument.Split('=')[1])] });
        AssertFailed(TaskFailureKind.Job, expected, RunPlan(driver));
    }

    [Fact]
    public void InputThatIsNowhere_EndsTheJob()
    {
        using TaskDriver driver = Driver("wordcount", spec => spec with { Inputs = [Path.Combine(_folder.Inputs, "*.nothing")] });
        AssertFailed(TaskFailureKind.Job, "matches no file", RunPlan(driver));
    }

    [Fact]
    public void PathsOutsideTheAllowedOnes_EndTheJob_AlsoBehindALink()
    {
        string inside = Path.Combine(_folder.Inputs, "inside");
        Directory.CreateDirectory(inside);
        _folder.Add("a", "x");
        File.CreateSymbolicLink(Path.Combine(inside, "link"), Path.Combine(_folder.Inputs, "a"));
        File.WriteAllText(Path.Combine(inside, "b"), "x");
        AllowedPaths allowed = new([inside], [_folder.Root], [inside]);
        foreach ((string input, bool isAllowed) in ((string, bool)[])[("b", true), ("link", false), ("../a", false)])
        {
            using TaskDriver driver = new(_folder, TaskDriver.SpecOf(_folder, "wordcount") with { Inputs = [Path.Combine(inside, input)] }) { Allowed = allowed };
            TaskOutcome outcome = RunPlan(driver);
            if (isAllowed) TaskDriver.Done(outcome);
            else AssertFailed(TaskFailureKind.Job, "is not allowed", outcome);
        }

        using TaskDriver output = new(_folder, TaskDriver.SpecOf(_folder, "wordcount") with { Inputs = [inside] }) { Allowed = allowed with { Outputs = [inside] } };
        AssertFailed(TaskFailureKind.Job, "the output", RunPlan(output));
        using TaskDriver assembly = new(_folder, TaskDriver.SpecOf(_folder, TopWords) with { Id = "other" }) { Allowed = allowed };
        AssertFailed(TaskFailureKind.Attempt, "the assembly", assembly.RunMap(0, "plan", 0));
        AssertFailed(TaskFailureKind.Job, "the assembly", RunPlan(assembly));
    }

    [Fact]
    public void InputThatVanishes_FailsTheAttempt_AndNamesIt()
    {
        string path = _folder.Add("a", "x");
        using TaskDriver driver = Driver("wordcount");
        PlanOutcome plan = driver.Plan();
        File.Delete(path);
        AssertFailed(TaskFailureKind.Attempt, path, driver.RunMap(0, plan.File, 0));
    }

    [Fact]
    public void RecordThatIsTooLong_EndsTheJob()
    {
        _folder.Add("a", new string('x', 2 << 20));
        using TaskDriver driver = Driver("wordcount", spec => spec with { MaxRecordBytes = 1 << 20 });
        AssertFailed(TaskFailureKind.Job, "longer than", driver.RunMap(0, driver.Plan().File, 0));
    }

    [Fact]
    public void SkippedRecords_AreNotMapped_AndCountAsBad()
    {
        string path = _folder.Add("a", "x1\nx2\nx3\n");
        using TaskDriver driver = Driver("grep", spec => spec with { MaxBadRecords = 1, Arguments = [KeyValuePair.Create("pattern", "x")] });
        PlanOutcome plan = driver.Plan();
        TaskOutcome outcome = TaskDriver.Done(driver.RunMap(0, plan.File, 0, new RecordPlace(path, 3)));
        Assert.Equal((2L, 1L), (outcome.Map!.Records, outcome.Map.BadRecords));
        Assert.Contains($"byte 3 of {path}", Assert.Single(outcome.Map.BadRecordPlaces));
        AssertFailed(TaskFailureKind.Attempt, "bad records", driver.RunMap(0, plan.File, 0, new RecordPlace(path, 0), new RecordPlace(path, 3)));
    }

    [Fact]
    public void Cancelled_IsStopped_AndLeavesNothingInTheStagingFolder()
    {
        _folder.Add("a", Corpus.Text(1, 100_000));
        using TaskDriver driver = Driver("wordcount");
        PlanOutcome plan = driver.Plan();
        driver.Map(0, plan);
        using CancellationTokenSource stopped = new();
        stopped.Cancel();
        TaskOrder order = new() { Spec = driver.Spec, Task = new TaskId(0, TaskKind.Reduce, 0), Attempt = new AttemptId(1, 7), Reduce = new ReduceOrder(plan.File, driver.MapOutputs) };
        AssertFailed(TaskFailureKind.Stopped, "stopped", driver.Run(order, cancellation: stopped.Token));
        Assert.Equal([plan.File], Directory.EnumerateFiles(JobPaths.Staging(driver.Spec)));
    }

    [Fact]
    public void DamagedPlan_FailsClearly()
    {
        _folder.Add("a", "x");
        foreach (int at in (int[])[0, 5, -1])
        {
            using TaskDriver driver = Driver("wordcount");
            string plan = driver.Plan().File;
            Flip(plan, at);
            AssertFailed(TaskFailureKind.Attempt, "plan is damaged", driver.RunMap(0, plan, 0));
            File.Delete(plan);
            AssertFailed(TaskFailureKind.Attempt, "plan", driver.RunMap(0, plan, 0));
        }
    }

    [Theory]
    [InlineData("index", 1)]
    [InlineData("run", 1)]
    [InlineData("index", 2)]
    [InlineData("run", 2)]
    public void DamagedOrMissingMapOutput_IsLost_AndNamed(string what, int machines)
    {
        for (int i = 0; i < 4; i++) _folder.Add($"{i}", Corpus.Text(i, 50_000));
        using TaskDriver driver = Driver("wordcount", spec => spec with { SplitBytes = 50_000, Reducers = 2 }, machines);
        PlanOutcome plan = driver.Plan();
        driver.Map(0, plan);
        MapOutput broken = driver.MapOutputs[1];
        string path = Directory.EnumerateFiles(Path.GetDirectoryName(broken.Index)!, what + "*").Single();
        byte[] content = File.ReadAllBytes(path);
        foreach (int at in (int[])[0, content.Length / 4, content.Length / 2, content.Length - 1])
        {
            Flip(path, at);
            TaskOutcome[] outcomes = [.. Enumerable.Range(0, 2).Select(i => driver.Reduce(0, plan, i))];
            TaskFailure[] failures = [.. outcomes.Select(static outcome => outcome.Failure).OfType<TaskFailure>()];
            Assert.NotEmpty(failures);
            Assert.All(failures, failure => Assert.Equal((TaskFailureKind.MapOutputLost, broken), (failure.Kind, Assert.Single(failure.LostMaps!))));
            File.WriteAllBytes(path, content);
        }

        File.WriteAllBytes(path, content[..(content.Length / 2)]);
        Assert.Contains(Enumerable.Range(0, 2), i => driver.Reduce(0, plan, i).Failure is { Kind: TaskFailureKind.MapOutputLost } failure && failure.LostMaps!.Single() == broken);
        File.Delete(path);
        AssertFailed(TaskFailureKind.MapOutputLost, "", driver.Reduce(0, plan, 0));
        File.WriteAllBytes(path, content);
        TaskDriver.Done(driver.Reduce(0, plan, 0));
    }

    [Fact]
    public void SeveralLostMapOutputs_AreAllNamedAtOnce()
    {
        for (int i = 0; i < 4; i++) _folder.Add($"{i}", Corpus.Text(i, 50_000));
        using TaskDriver driver = Driver("wordcount", spec => spec with { SplitBytes = 50_000, Reducers = 1 }, machines: 2);
        PlanOutcome plan = driver.Plan();
        driver.Map(0, plan);
        File.Delete(driver.MapOutputs[0].Index);
        File.Delete(driver.MapOutputs[1].Index);
        File.Delete(driver.MapOutputs[3].Index);
        TaskFailure failure = driver.Reduce(0, plan, 0).Failure!;
        Assert.Equal([0, 1, 3], failure.LostMaps!.Select(static map => map.Map).Order());
    }

    [Fact]
    public async Task StoreInput_IsReadRecordByRecord_WhateverIsInIt()
    {
        _folder.Add("unused", "");
        using TaskDriver driver = Driver("grep", spec => spec with { Inputs = ["kv:user/"], Reducers = 1, Arguments = [KeyValuePair.Create("pattern", "new")] });
        StubScanner scanner = new([("user/1", "a new\nline"), ("user/2", "old"), ("user/3", "new\0\t")]);
        driver.StoreFiles.AddRange(await StoreFiles.WriteAsync(driver.Spec, new AttemptId(1, 1), scanner, CancellationToken.None));
        PlanOutcome plan = driver.Plan();
        TaskOutcome map = TaskDriver.Done(driver.RunMap(0, plan.File, 0));
        Assert.Equal((3L, 2L), (map.Map!.Records, map.Map.Pairs));
        driver.Map(0, plan);
        string output = File.ReadAllText(driver.Reduce(0, plan, 0).Reduce!.File);
        Assert.Contains("user/1\ta new\nline", output);
        Assert.Contains("user/3\tnew\0\t", output);
    }

    [Fact]
    public void StoreInput_BesideFiles_IsRefused()
    {
        using TaskDriver driver = Driver("wordcount", spec => spec with { Inputs = ["kv:user/", _folder.Inputs] });
        AssertFailed(TaskFailureKind.Job, "not both", RunPlan(driver));
    }

    private static TaskOutcome RunPlan(TaskDriver driver) =>
        driver.Run(new TaskOrder { Spec = driver.Spec, Task = new TaskId(0, TaskKind.Plan, 0), Attempt = new AttemptId(1, 1), Plan = new PlanOrder([], 2) });

    private static void AssertFailed(TaskFailureKind kind, string message, TaskOutcome outcome)
    {
        Assert.NotNull(outcome.Failure);
        Assert.Contains(message, outcome.Failure.Message);
        Assert.Equal(kind, outcome.Failure.Kind);
    }

    private static void Flip(string path, int at)
    {
        byte[] content = File.ReadAllBytes(path);
        content[at < 0 ? content.Length + at : at] ^= 0x40;
        File.WriteAllBytes(path, content);
    }

    private static byte[] RandomBytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(5).NextBytes(bytes);
        return bytes;
    }

    private TaskDriver Driver(string application, Func<JobSpec, JobSpec>? change = null, int machines = 1)
    {
        JobSpec spec = TaskDriver.SpecOf(_folder, application);
        return new TaskDriver(_folder, change?.Invoke(spec) ?? spec, machines);
    }
}
