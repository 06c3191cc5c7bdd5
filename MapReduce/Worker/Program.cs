using System.Globalization;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Tasks;
using Quorleans.MapReduce.Worker;

if (args is not [string parent, string mark] || !int.TryParse(parent, NumberStyles.None, CultureInfo.InvariantCulture, out int parentId))
{
    Console.Error.WriteLine("This program runs users' MapReduce assemblies. A silo starts it; there is nothing to do with it by hand.");
    return 2;
}

Surroundings.Enter(parentId);
using Channel channel = Channel.TakeStandardStreams();
using RecordMark position = RecordMark.OpenExisting(mark);
using TaskRunner runner = new(position);
new Session(channel, runner, position).Run();
return 0;
