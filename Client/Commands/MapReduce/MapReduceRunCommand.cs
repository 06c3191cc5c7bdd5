using System.CommandLine;
using System.Globalization;
using Quorleans.MapReduce;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.Client.Commands;

/// <summary><c>mr run</c>: runs a job and waits for it.</summary>
internal sealed class MapReduceRunCommand : ClientCommand
{
    private const int MostReducers = 10_000;
    private readonly Option<string> _app = new("--app")
    {
        Description = "wordcount, index, grep, sort, or an assembly with an application of your own.",
        HelpName = "NAME|PATH.dll[:TYPE]",
        Required = true,
    };

    private readonly Option<string[]> _input = new("--input")
    {
        Description = "Files, folders or patterns (*, ?, **).",
        HelpName = "GLOB",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _output = new("--output") { Description = "The folder that will hold the output. It must not exist.", HelpName = "DIR", Required = true };
    private readonly Option<bool> _local = new("--local") { Description = "Run in this process, without a cluster." };
    private readonly Option<int> _reducers = new("--reducers") { Description = "The number of reduce tasks and output files.", HelpName = "N", DefaultValueFactory = _ => 10 };
    private readonly Option<int> _memory = new("--memory") { Description = "The memory of a task's pairs in MB; more go to the disk.", HelpName = "MB", DefaultValueFactory = _ => 128 };
    private readonly Option<int> _slots = new("--slots") { Description = "How many tasks run at a time.", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount };
    private readonly Option<int> _maxRecord = new("--max-record") { Description = "The longest record in MB.", HelpName = "MB", DefaultValueFactory = _ => 64 };
    private readonly Option<long> _maxBadRecords = new("--max-bad-records")
    {
        Description = "How many records the application may fail on; they are skipped and reported.",
        HelpName = "N",
        DefaultValueFactory = _ => 0,
    };

    private readonly Option<string[]> _arg = new("--arg") { Description = "An argument of the application.", HelpName = "K=V", AllowMultipleArgumentsPerToken = false };
    private readonly Option<bool> _overwrite = new("--overwrite") { Description = "Replace an existing output in the moment when the new one is complete." };
    private readonly Option<bool> _noSync = new("--no-sync") { Description = "Do not wait for the disk: a power loss soon after may damage the output." };

    public MapReduceRunCommand(ClientContext context)
        : base(context, "run",
            "Run a MapReduce job and wait for it.",
            "The output appears at once when all is done: files mr-out-N, _SUCCESS and a report, _job.json. When the job fails or is "
            + "interrupted, nothing appears and no temporary file stays. Exit status: 0 done, 1 failed, 2 wrong usage, 130 interrupted.",
            "mr run --local --app wordcount --input '*.md' --output wc-out",
            "mr run --local --app grep --arg pattern=error --input 'logs/**' --output found --reducers 1",
            "mr run --local --app sort --arg record=100 --arg key=0:10 --input data.bin --output sorted --overwrite",
            "mr run --local --app ./Mine.dll:My.App --input texts --output out --max-bad-records 10")
    {
        foreach (Option option in (Option[])[_app, _input, _output, _local, _reducers, _memory, _slots, _maxRecord, _maxBadRecords, _arg, _overwrite, _noSync]) Add(option);
        _reducers.InRange(1, MostReducers);
        _memory.InRange(1, 1024);
        _slots.InRange(1, 1024);
        _maxRecord.InRange(1, 1024);
        _maxBadRecords.InRange(0, long.MaxValue);
        _arg.Validators.Add(static result =>
        {
            foreach (System.CommandLine.Parsing.Token token in result.Tokens)
            {
                if (token.Value.IndexOf('=', StringComparison.Ordinal) <= 0) result.AddError($"--arg must be NAME=VALUE; '{token.Value}' is not");
            }
        });
    }

    /// <inheritdoc/>
    protected override async Task<int> ExecuteAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        if (!parsed.GetValue(_local)) throw ClientException.Usage("jobs run in this process so far: add --local");
        JobRequest request = Request(parsed);
        JobProgress progress = new();
        try
        {
            Task<IReadOnlyList<JobReport>> run = Task.Factory.StartNew(
                () => new LocalRunner(progress).Run(request, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            await new JobDisplay(Output, progress, Context.Time).ShowUntilAsync(run, Json(parsed));
            Write(request, await run, Json(parsed));
            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw new ClientException("interrupted: nothing was published, no temporary file is left") { ExitCode = ExitCode.Interrupted };
        }
        catch (MapReduceException e)
        {
            throw new ClientException(e.Message, e);
        }
    }

    private JobRequest Request(ParseResult parsed)
    {
        Dictionary<string, string> given = new(StringComparer.Ordinal);
        foreach (string argument in parsed.GetValue(_arg) ?? [])
        {
            int equals = argument.IndexOf('=', StringComparison.Ordinal);
            if (!given.TryAdd(argument[..equals], argument[(equals + 1)..])) throw ClientException.Usage($"the argument {argument[..equals]} is given twice");
        }

        JobArguments arguments = new(given);
        string app = parsed.GetRequiredValue(_app);
        try
        {
            IReadOnlyList<JobDefinition> jobs = ApplicationLoader.Load(app).Define(arguments);
            if (arguments.Unknown is [string unknown, ..]) throw ClientException.Usage($"the application {app} knows no argument {unknown}");
            return new JobRequest
            {
                Jobs = jobs,
                Arguments = arguments,
                Inputs = InputFiles.Expand(parsed.GetRequiredValue(_input)),
                Output = parsed.GetRequiredValue(_output),
                Overwrite = parsed.GetValue(_overwrite),
                Reducers = parsed.GetRequiredValue(_reducers),
                Slots = parsed.GetRequiredValue(_slots),
                MemoryBytes = (long)parsed.GetRequiredValue(_memory) << 20,
                MaxRecordBytes = parsed.GetRequiredValue(_maxRecord) << 20,
                MaxBadRecords = parsed.GetRequiredValue(_maxBadRecords),
                Durable = !parsed.GetValue(_noSync),
            };
        }
        catch (ApplicationLoadException e)
        {
            throw e.IsUsage ? ClientException.Usage(e.Message) : new ClientException(e.Message, e);
        }
        catch (JobArgumentException e)
        {
            throw ClientException.Usage(e.Message);
        }
        catch (MapReduceException e)
        {
            throw new ClientException(e.Message, e);
        }
    }

    private void Write(JobRequest request, IReadOnlyList<JobReport> reports, bool json)
    {
        foreach (JobReport report in reports)
        {
            if (json)
            {
                WriteJson(request, report);
                continue;
            }

            Output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{report.Job}: {report.InputFiles} files, {report.InputBytes / 1e6:F1} MB, {report.Records} records -> {report.Pairs} pairs, {report.Groups} keys -> {report.OutputRecords} records, {report.OutputBytes / 1e6:F1} MB in {report.Seconds:F2} s ({report.InputBytes / 1e6 / report.Seconds:F0} MB/s)"));
            foreach ((string counter, long value) in report.Counters) Output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {TextEscaper.Escape(System.Text.Encoding.UTF8.GetBytes(counter))}: {value}"));
            if (report.BadRecords == 0) continue;
            Output.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  skipped as bad: {report.BadRecords}, among them"));
            foreach (string place in report.BadRecordPlaces.Take(3)) Output.Out.WriteLine($"    {TextEscaper.Escape(System.Text.Encoding.UTF8.GetBytes(place))}");
        }

        if (!json) Output.Out.WriteLine($"output: {Path.GetFullPath(request.Output)}");
    }

    private void WriteJson(JobRequest request, JobReport report) => Output.WriteJson(line =>
    {
        line.WriteString("job", report.Job);
        line.WriteString("output", Path.GetFullPath(request.Output));
        line.WriteNumber("inputFiles", report.InputFiles);
        line.WriteNumber("inputBytes", report.InputBytes);
        line.WriteNumber("records", report.Records);
        line.WriteNumber("badRecords", report.BadRecords);
        line.WriteNumber("pairs", report.Pairs);
        line.WriteNumber("groups", report.Groups);
        line.WriteNumber("outputRecords", report.OutputRecords);
        line.WriteNumber("outputBytes", report.OutputBytes);
        line.WriteNumber("seconds", Math.Round(report.Seconds, 3));
        line.WriteStartObject("counters");
        foreach ((string counter, long value) in report.Counters) line.WriteNumber(counter, value);
        line.WriteEndObject();
    });
}
