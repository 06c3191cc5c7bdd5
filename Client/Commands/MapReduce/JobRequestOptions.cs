using System.CommandLine;
using Quorleans.Clerk;
using Quorleans.MapReduce;
using Quorleans.MapReduce.Applications;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.Client.Commands;

/// <summary>The options that say what a job is to do, for every command that begins one.</summary>
internal sealed class JobRequestOptions
{
    private const string StoreInput = "kv:";
    private const int MostReducers = 10_000;
    private readonly Option<string> _app = new("--app")
    {
        Description = "wordcount, index, grep, sort, or an assembly with an application of your own.",
        HelpName = "NAME|PATH.dll[:TYPE]",
        Required = true,
    };

    private readonly Option<string[]> _input = new("--input")
    {
        Description = "Files, folders or patterns (*, ?, **); on a cluster also kv:PREFIX, for keys of the store.",
        HelpName = "GLOB",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string> _output = new("--output") { Description = "The folder that will hold the output. It must not exist.", HelpName = "DIR", Required = true };
    private readonly Option<int> _reducers = new("--reducers") { Description = "The number of reduce tasks and output files.", HelpName = "N", DefaultValueFactory = _ => 10 };
    private readonly Option<int> _memory = new("--memory") { Description = "The memory of a task's pairs in MB; more go to the disk.", HelpName = "MB", DefaultValueFactory = _ => 128 };
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

    /// <summary>Adds them to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (Option option in (Option[])[_app, _input, _output, _reducers, _memory, _maxRecord, _maxBadRecords, _arg, _overwrite, _noSync]) command.Add(option);
        _reducers.InRange(1, MostReducers);
        _memory.InRange(1, 1024);
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

    /// <summary>A job for this process.</summary>
    /// <exception cref="ClientException">It makes no sense.</exception>
    public JobRequest Local(ParseResult parsed, int slots)
    {
        JobArguments arguments = new(Arguments(parsed));
        string[] inputs = parsed.GetRequiredValue(_input);
        if (Array.Find(inputs, IsOfStore) is { } ofStore) throw ClientException.Usage($"the input {ofStore} is in a cluster's store: run the job there, without --local");
        string app = parsed.GetRequiredValue(_app);
        try
        {
            IReadOnlyList<JobDefinition> jobs = Define(app, ApplicationLoader.Load(app), arguments);
            return new JobRequest
            {
                Jobs = jobs,
                Arguments = arguments,
                Inputs = InputFiles.Expand(inputs),
                Output = parsed.GetRequiredValue(_output),
                Overwrite = parsed.GetValue(_overwrite),
                Reducers = parsed.GetRequiredValue(_reducers),
                Slots = slots,
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
        catch (MapReduceException e)
        {
            throw new ClientException(e.Message, e);
        }
    }

    /// <summary>A job for the cluster: names of files as this console sees them, made full ones.</summary>
    /// <exception cref="ClientException">It makes no sense.</exception>
    public JobSpec Spec(ParseResult parsed, TimeProvider time)
    {
        string app = parsed.GetRequiredValue(_app);
        Dictionary<string, string> given = Arguments(parsed);

        // An assembly is loaded where the job runs, never here; what is built in is the same everywhere, and mistakes show at once.
        if (BuiltInApplications.Find(app) is { } builtIn) Define(app, builtIn, new JobArguments(given));
        else if (app.Contains(".dll", StringComparison.OrdinalIgnoreCase)) app = Path.GetFullPath(app);
        else throw ClientException.Usage($"there is no application '{app}'; name one of {string.Join(", ", BuiltInApplications.Names)}, or PATH.dll, or PATH.dll:TYPE");
        return new JobSpec
        {
            Id = JobIds.Create(time),
            Application = app,
            Arguments = [.. given.OrderBy(static argument => argument.Key, StringComparer.Ordinal)],
            Inputs = [.. parsed.GetRequiredValue(_input).Select(static input => IsOfStore(input) ? input : Path.GetFullPath(input))],
            Output = Path.TrimEndingDirectorySeparator(Path.GetFullPath(parsed.GetRequiredValue(_output))),
            Overwrite = parsed.GetValue(_overwrite),
            Reducers = parsed.GetRequiredValue(_reducers),
            MemoryBytes = (long)parsed.GetRequiredValue(_memory) << 20,
            MaxRecordBytes = parsed.GetRequiredValue(_maxRecord) << 20,
            MaxBadRecords = parsed.GetRequiredValue(_maxBadRecords),
            Durable = !parsed.GetValue(_noSync),
            SubmittedMs = time.GetUtcNow().ToUnixTimeMilliseconds(),
        };
    }

    private static bool IsOfStore(string input) => input.StartsWith(StoreInput, StringComparison.Ordinal);

    private static IReadOnlyList<JobDefinition> Define(string app, IMapReduceApplication application, JobArguments arguments)
    {
        try
        {
            IReadOnlyList<JobDefinition> jobs = application.Define(arguments);
            return arguments.Unknown is [string unknown, ..] ? throw ClientException.Usage($"the application {app} knows no argument {unknown}") : jobs;
        }
        catch (JobArgumentException e)
        {
            throw ClientException.Usage(e.Message);
        }
    }

    private Dictionary<string, string> Arguments(ParseResult parsed)
    {
        Dictionary<string, string> given = new(StringComparer.Ordinal);
        foreach (string argument in parsed.GetValue(_arg) ?? [])
        {
            int equals = argument.IndexOf('=', StringComparison.Ordinal);
            if (!given.TryAdd(argument[..equals], argument[(equals + 1)..])) throw ClientException.Usage($"the argument {argument[..equals]} is given twice");
        }

        return given;
    }
}
