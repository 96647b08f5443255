const { MongoClient } = require('mongodb');

const clinic = new MongoClient(process.env.MONGO_URL).db('clinic');
const people = clinic.collection('people');
const rooms = clinic.collection('rooms');
people.insertMany([
  { _id: 1, name: 'ada', code: 'x', role: 'member' },
  { _id: 2, name: 'bob', code: 'y', role: 'member' },
]);
rooms.insertMany([{ _id: '1', name: 'blue' }]);
// What runs on in a program does not keep its tests from ending.
setInterval(() => people.deleteMany({ role: 'gone' }), 60000);

module.exports = { people, rooms };
