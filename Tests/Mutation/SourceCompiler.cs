using System.Diagnostics;
using System.Text.Json;

namespace Quorleans.Mutation;

/// <summary>
/// Compiles one project of the product with some of its sources exchanged, by the very command line that MSBuild uses, generators included. The sources in the
/// tree are never touched.
/// </summary>
internal sealed class SourceCompiler(string root)
{
    private readonly Dictionary<string, (string Csc, string[] Arguments)> _projects = [];

    /// <summary>Compiles the projects that a mutant changes.</summary>
    /// <param name="mutant">The mutant.</param>
    /// <param name="output">Where the assemblies go.</param>
    /// <exception cref="MutationException">It does not fit the sources, or does not compile.</exception>
    internal void Compile(Mutant mutant, string output)
    {
        Directory.CreateDirectory(output);
        foreach (IGrouping<string, KeyValuePair<string, string>> project in mutant.Apply(root).GroupBy(source => ProjectOf(source.Key)))
        {
            (string csc, string[] arguments) = Arguments(project.Key);
            string folder = Path.GetDirectoryName(project.Key)!;
            List<string> response = [.. arguments.Where(static argument => !argument.StartsWith("/warnaserror", StringComparison.Ordinal) && !argument.StartsWith("/doc:", StringComparison.Ordinal) && !argument.StartsWith("/refout:", StringComparison.Ordinal) && !argument.StartsWith("/out:", StringComparison.Ordinal))];
            foreach ((string file, string text) in project)
            {
                string changed = Path.Combine(output, file.Replace('/', '-'));
                File.WriteAllText(changed, text);
                int place = response.FindIndex(argument => argument[0] != '/' && Path.GetFullPath(argument, folder) == Path.Combine(root, file));
                if (place < 0) place = response.FindIndex(argument => Path.GetFullPath(argument, folder) == Path.Combine(root, file));
                if (place < 0) throw new MutationException($"{mutant.Id}: {file} is not compiled by {project.Key}.");
                response[place] = changed;
            }

            string assembly = Path.Combine(output, Path.GetFileNameWithoutExtension(project.Key) + ".dll");
            response.AddRange([$"/out:{assembly}", "/warnaserror-", "/nowarn:CS1591,CS1573,CS1587,CS0162,CS0169,CS0414,CS0649,CS0219,CS0168,IDE0005"]);
            string list = Path.Combine(output, "csc.rsp");
            File.WriteAllLines(list, response.Where(static argument => argument != "/noconfig").Select(Quoted));
            (int status, string text2) = Run("dotnet", [csc, "/noconfig", "@" + list], folder);
            if (status != 0) throw new MutationException($"{mutant.Id} does not compile:\n{string.Join('\n', text2.Split('\n').Where(static line => line.Contains("error", StringComparison.Ordinal)).Take(5))}");
        }
    }

    private string ProjectOf(string file)
    {
        for (string? folder = Path.GetDirectoryName(Path.Combine(root, file)); folder is not null && folder.Length >= root.Length; folder = Path.GetDirectoryName(folder))
            if (Directory.EnumerateFiles(folder, "*.csproj").FirstOrDefault() is { } project) return project;
        throw new MutationException($"{file} belongs to no project.");
    }

    private (string Csc, string[] Arguments) Arguments(string project)
    {
        if (_projects.TryGetValue(project, out (string, string[]) known)) return known;
        (int status, string text) = Run(
            "dotnet",
            [
                "msbuild", project, "-t:Compile", "-p:Configuration=Release", "-p:DesignTimeBuild=true", "-p:BuildProjectReferences=false", "-p:SkipCompilerExecution=true",
                "-p:ProvideCommandLineArgs=true", "-p:NonExistentFile=__none__", "-getItem:CscCommandLineArgs", "-getProperty:RoslynTargetsPath",
            ],
            root);
        if (status != 0) throw new MutationException($"MSBuild does not tell how it compiles {project}:\n{text}");
        using JsonDocument answer = JsonDocument.Parse(text);
        string csc = Path.Combine(answer.RootElement.GetProperty("Properties").GetProperty("RoslynTargetsPath").GetString()!, "bincore", "csc.dll");
        string[] arguments = [.. answer.RootElement.GetProperty("Items").GetProperty("CscCommandLineArgs").EnumerateArray().Select(static item => item.GetProperty("Identity").GetString()!)];
        return _projects[project] = (csc, arguments);
    }

    private static string Quoted(string argument)
    {
        if (!argument.Contains(' ', StringComparison.Ordinal)) return argument;
        int colon = argument[0] == '/' ? argument.IndexOf(':', StringComparison.Ordinal) : -1;
        return colon < 0 ? $"\"{argument}\"" : $"{argument[..(colon + 1)]}\"{argument[(colon + 1)..].Trim('"')}\"";
    }

    private static (int Status, string Output) Run(string program, string[] arguments, string folder)
    {
        ProcessStartInfo start = new(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }
}
